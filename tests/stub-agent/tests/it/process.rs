//! The process: starting, reloading, stopping, dying, and what it prints.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Agent, config, free_port, spawn, text_of, write_config};

#[tokio::test]
async fn a_valid_change_is_in_force_and_an_invalid_one_is_reported() {
    let mut agent = Agent::start().await;
    let mut changed = config(&agent.llm.url());
    changed["agents"]["entries"]["zoe"] = json!({"model": "any/stub-echo"});
    write_config(agent.dir.path(), &changed);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(text_of(&agent.chat("zoe", "z", "hi").await), "echo: hi");
    changed["nonsense"] = json!(1);
    changed["agents"]["entries"]["zoe"] = json!({"model": "down/x"});
    write_config(agent.dir.path(), &changed);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(text_of(&agent.chat("zoe", "z", "still").await), "echo: still");
    agent.signal("-TERM");
    agent.exit_code().await;
    let (out, err) = agent.output().await;
    assert!(out.contains("config hot reload applied ("), "{out}");
    let refused = r#""message":"config reload skipped (invalid config): : Unrecognized key: \"nonsense\"","subsystem":"gateway/reload""#;
    assert!(err.contains(refused) && err.contains(r#""level":"warn""#), "{err}");
    assert!(out.contains(r#""message":"echo: still""#), "replies are printed, as the real one does");
}

#[tokio::test]
async fn sigterm_lets_a_running_chat_end_and_followers_go() {
    let mut agent = Agent::start().await;
    agent.chat("echo", "s", "before").await;
    let follow = agent.get("/sessions/agent:echo:openai-user:s/history");
    let follow = follow.header("accept", "text/event-stream").send().await.unwrap();
    let running = agent.stream("echo", "s", "[[stub:tokens=5,gap=100]]").await;
    agent.signal("-TERM");
    let whole = running.text().await.unwrap();
    assert_eq!(text_of(&crate::harness::events(&whole)), "w0 w1 w2 w3 w4 ");
    assert!(whole.ends_with("data: [DONE]\n\n"));
    follow.text().await.unwrap();
    assert_eq!(agent.exit_code().await, Some(0));
}

#[tokio::test]
async fn it_dies_when_told() {
    let mut agent = Agent::start().await;
    let answer = agent.stream("echo", "d", "[[stub:die]]").await;
    assert!(answer.text().await.is_err());
    assert_eq!(agent.exit_code().await, Some(137));
}

#[tokio::test]
async fn a_failed_boot_says_why_and_ends_with_openclaws_code() {
    let dir = tempfile::tempdir().unwrap();
    let code = async |config: &serde_json::Value, extra: &[(&str, &str)]| {
        write_config(dir.path(), config);
        let child = spawn(dir.path(), free_port().await, extra);
        let output = child.wait_with_output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let mut bad = config("http://127.0.0.1:1");
    bad["nonsense"] = json!(true);
    let (exit, said) = code(&bad, &[]).await;
    assert_eq!(exit, Some(78));
    assert!(said.contains("Gateway failed to start: Invalid config at "), "{said}");
    let (exit, _) = code(&json!({}), &[]).await;
    assert_eq!(exit, Some(78));
    let (exit, _) = code(&config("http://127.0.0.1:1"), &[("STUB_CRASH_AT_BOOT", "1")]).await;
    assert_eq!(exit, Some(1));
}
