//! Errors, signals, exit codes.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::container::Container;
use crate::server::{Server, TOKEN};

#[test]
fn sigterm_reaches_the_gateway_once_and_its_code_is_ours() {
    let server = Server::start();
    server.offer("v1", &json!({}), &[]);
    let mut container = Container::start(&server);
    container.until_started();
    container.signal("-HUP");
    container.until("HUP should arrive", |one| one.log().contains("hup"));
    container.signal("-TERM");
    assert_eq!(container.exit_code(), Some(7));
    let log = container.log();
    assert_eq!((log.matches("term").count(), log.matches("drained").count()), (1, 1), "{log}");
}

#[test]
fn a_signal_to_the_whole_group_reaches_the_gateway_once() {
    let server = Server::start();
    server.offer("v1", &json!({}), &[]);
    let mut container = Container::start(&server);
    container.until_started();
    // `tini -g` signals the whole group, so the gateway must not be in it.
    let group = String::from_utf8(
        Command::new("ps")
            .args(["-o", "pgid=", "-p", &container.child.id().to_string()])
            .output()
            .unwrap()
            .stdout,
    );
    let ours = group.unwrap().trim().to_owned();
    let in_group = Command::new("pgrep").args(["-g", &ours, "-f", "gateway.sh"]).output().unwrap();
    assert!(in_group.stdout.is_empty(), "the gateway shares our process group");
    container.signal("-TERM");
    assert_eq!(container.exit_code(), Some(7));
}

#[test]
fn with_each_question_it_says_how_much_room_is_left() {
    let server = Server::start();
    server.offer("v1", &json!({}), &[]);
    let container = Container::start(&server);
    container.until_started();
    let asked = server.await_query(&[("have", "v1")]);
    assert!(asked["left"].parse::<u64>().is_ok(), "{asked:?}");
}

#[test]
fn the_state_is_tidied_up_after_an_end_in_order_only() {
    let server = Server::start();
    server.offer("v1", &json!({}), &[]);
    let mut container = Container::start(&server);
    container.until_started();
    container.signal("-INT");
    assert_eq!(container.exit_code(), Some(0), "independently of the tidying up");
    let state = container.state("");
    let tidied = format!("tidied up {} after: ended", state.display().to_string().trim_end_matches('/'));
    assert!(container.log().ends_with(&format!("{tidied}\n")), "{}", container.log());
    assert!(container.stderr().contains("the state was not tidied up: exit status: 3"));

    let mut container = Container::start(&server);
    container.until_started();
    container.signal("-TERM");
    assert_eq!(container.exit_code(), Some(7));
    assert!(!container.log().contains("tidied"), "{}", container.log());
}

#[test]
fn a_gateway_that_dies_by_a_signal_gives_128_and_more() {
    let server = Server::start();
    server.offer("v1", &json!({}), &[]);
    let mut container = Container::start(&server);
    container.until_started();
    let parent = container.child.id().to_string();
    let gateway = Command::new("pgrep").args(["-P", &parent]).output().unwrap();
    let gateway = String::from_utf8(gateway.stdout).unwrap();
    assert!(Command::new("kill").args(["-KILL", gateway.trim()]).status().unwrap().success());
    assert_eq!(container.exit_code(), Some(137));
}

#[test]
fn mosaic_away_is_one_line_and_it_comes_back() {
    let server = Server::start();
    server.fail_with(Some(503));
    server.offer("v1", &json!({}), &[]);
    let container = Container::start(&server);
    container.until("it should say so", |one| one.stderr().contains("answers with status 503"));
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(container.stderr().matches("answers with status 503").count(), 1);
    assert!(container.stderr().contains("; trying again in 0."));
    assert!(server.queries().len() >= 2);
    server.fail_with(None);
    container.until_started();
    assert!(container.stderr().contains("is back"));
}

#[test]
fn a_refused_token_is_said_and_waited_for_until_a_signal() {
    let server = Server::start();
    server.offer("v1", &json!({}), &[]);
    let mut container = Container::start_with(&server.url, "tok-revoked");
    container.until("it should say so", |one| {
        one.stderr().contains("this container's token is no longer accepted")
    });
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(server.queries().len(), 1, "slowly");
    assert!(!container.stderr().contains("tok-revoked"));
    assert_eq!(container.child.try_wait().unwrap(), None);
    container.signal("-TERM");
    assert_eq!(container.exit_code(), Some(143));
}

#[test]
fn missing_settings_and_commands_are_named() {
    let run = |command: Option<&str>, url: &str, dir: &tempfile::TempDir| {
        let mut process = Command::new(env!("CARGO_BIN_EXE_mosaic-entrypoint"));
        process
            .env_clear()
            .env("MOSAIC_CONFIG_URL", url)
            .env("OPENCLAW_GATEWAY_TOKEN", TOKEN)
            .env("OPENCLAW_CONFIG_PATH", dir.path().join("openclaw.json"))
            .env("OPENCLAW_STATE_DIR", dir.path())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(command) = command {
            process.env("MOSAIC_GATEWAY_CMD", command);
        }
        let output = process.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let server = Server::start();
    server.offer("v1", &json!({}), &[]);
    let dir = tempfile::tempdir().unwrap();
    let (code, said) = run(None, &server.url, &dir);
    assert_eq!(code, Some(64));
    assert!(said.contains("MOSAIC_GATEWAY_CMD is not set"), "{said}");
    let (code, said) = run(Some("/no/such/gateway --x"), &server.url, &dir);
    assert_eq!(code, Some(127));
    assert!(said.contains("/no/such/gateway could not be run"), "{said}");
}
