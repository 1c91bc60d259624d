//! Versions: fetched, updated, refused, reported.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::container::Container;
use crate::server::Server;

#[test]
fn it_fetches_starts_updates_and_reports_what_is_in_force() {
    let server = Server::start();
    server.offer("v1", &json!({"b": 1, "a": 2}), &[("workspace-ada/SOUL.md", "calm")]);
    let container = Container::start(&server);
    container.until_started();
    assert!(!server.queries()[0].contains_key("wait"), "the first answer must come at once");
    assert!(container.log().contains("started with token tok-of-this-container"));
    let config = fs::read_to_string(container.config()).unwrap();
    let port = server.gateway_port();
    let expected =
        format!("{{\n  \"a\": 2,\n  \"b\": 1,\n  \"gateway\": {{\n    \"port\": {port}\n  }}\n}}\n");
    assert_eq!(config, expected);
    let mode = fs::metadata(container.config()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let soul = container.state("workspace-ada/SOUL.md");
    assert_eq!(fs::read_to_string(&soul).unwrap(), "calm");
    server.await_query(&[("have", "v1"), ("wait", "25")]);

    // Two long polls without a new version: a 304 changes nothing.
    let polls = server.queries().len();
    container.until("it should go on asking", |_| server.queries().len() >= polls + 2);

    server.offer("v2", &json!({"a": 3}), &[("workspace-bob/SOUL.md", "lively")]);
    let told = server.await_query(&[("have", "v2")]);
    assert!(!told.contains_key("error"));
    assert!(!soul.exists() && container.state("workspace-bob/SOUL.md").exists());
    let said = container.stderr();
    assert!(said.contains("version v2 is in force"), "{said}");
    assert!(said.contains("[gateway/reload] config hot reload applied"), "{said}");
    assert!(said.contains("openclaw error [agent/embedded] (text withheld"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn a_refused_version_is_reported_taken_back_and_replaced_by_the_next() {
    let server = Server::start();
    server.offer("v1", &json!({"good": 1}), &[]);
    let container = Container::start(&server);
    container.until_started();
    server.await_query(&[("have", "v1")]);
    server.offer("v2", &json!({"nonsense": 1}), &[]);
    let error = r#": Unrecognized key: "nonsense" & more"#;
    server.await_query(&[("have", "v1"), ("tried", "v2"), ("error", error)]);
    let on_disk = fs::read_to_string(container.config()).unwrap();
    assert!(on_disk.contains("good"), "the config in force is back: {on_disk}");
    // Reported until the server has another version. The refused one is not written again.
    let polls = server.queries().len();
    container.until("it should go on asking", |_| server.queries().len() >= polls + 2);
    assert_eq!(container.stderr().matches("version v2 is not in force").count(), 1);
    server.offer("v3", &json!({"good": 2}), &[]);
    let told = server.await_query(&[("have", "v3")]);
    assert!(!told.contains_key("tried"));
}

#[test]
fn silence_counts_as_consent_after_five_seconds() {
    let server = Server::start();
    server.offer("v1", &json!({}), &[]);
    let container = Container::start(&server);
    container.until_started();
    server.await_query(&[("have", "v1")]);
    let begun = Instant::now();
    server.offer("v2", &json!({"silent": 1}), &[]);
    server.await_query(&[("have", "v2")]);
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(5) && took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_refusal_that_comes_late_still_counts() {
    let server = Server::start();
    server.offer("v1", &json!({"good": 1}), &[]);
    let container = Container::start(&server);
    container.until_started();
    server.await_query(&[("have", "v1")]);
    server.offer("v2", &json!({"late": 1}), &[]);
    server.await_query(&[("have", "v2")]);
    server.await_query(&[("have", "v1"), ("tried", "v2"), ("error", "late")]);
    let on_disk = fs::read_to_string(container.config()).unwrap();
    assert!(on_disk.contains("good"), "the config in force is back: {on_disk}");
}

#[test]
fn personality_alone_is_in_force_at_once() {
    let server = Server::start();
    server.offer("v1", &json!({}), &[("w/SOUL.md", "a")]);
    let container = Container::start(&server);
    container.until_started();
    server.await_query(&[("have", "v1")]);
    let begun = Instant::now();
    server.offer("v2", &json!({}), &[("w/SOUL.md", "b")]);
    server.await_query(&[("have", "v2")]);
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert_eq!(fs::read_to_string(container.state("w/SOUL.md")).unwrap(), "b");
}

#[test]
fn a_path_that_leaves_the_state_directory_is_refused_and_told() {
    let server = Server::start();
    server.offer("v1", &json!({}), &[]);
    let container = Container::start(&server);
    container.until_started();
    server.offer("v2", &json!({"x": 1}), &[("ok.md", ""), ("../escaped", "x")]);
    let told = server.await_query(&[("have", "v1"), ("tried", "v2")]);
    assert!(told["error"].contains("\"../escaped\" is not a path inside"), "{told:?}");
    assert!(!container.state("../escaped").exists() && !container.state("ok.md").exists());
}

#[test]
fn a_gateway_that_cannot_start_ends_the_container_and_mosaic_hears_why() {
    let server = Server::start();
    let closed = json!({"port": 1});
    server.offer("v1", &json!({"broken-at-boot": 1, "gateway": closed}), &[]);
    let mut container = Container::start(&server);
    assert_eq!(container.exit_code(), Some(78));
    let told = server.await_query(&[("tried", "v1")]);
    assert_eq!(told["error"], "Gateway failed to start: Invalid config at /x: broken");
    assert!(server.queries().iter().all(|query| !query.contains_key("have")));
}
