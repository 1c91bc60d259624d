//! Requests that nobody means well by: none is a server error, each refusal is a problem document.

use reqwest::Method;
use serde_json::Value;
use std::process::Command;
use tests::{Mosaic, Person, prepared};

/// Signs the browser out (ids are learned from answers), or never ends.
const LEFT_OUT: &[&str] = &[
    "/api/auth/logout",
    "/api/auth/sessions/{id}",
    "/api/container/events",
    "/api/jobs/events",
    "/api/turns/{id}/events",
];

#[tokio::test]
async fn made_up_requests_by_the_document_never_break_the_server() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let bob = mosaic.equipped("bob").await;
    let mut command = Command::new(format!("{}/python/bin/schemathesis", prepared("MOSAIC_TEST_CLIENTS")));
    command
        .args(["run", concat!(env!("CARGO_MANIFEST_DIR"), "/../api/openapi.json")])
        .args(["--url", &mosaic.url, "--header", &format!("Cookie: {}", bob.cookie())])
        .args(["--checks", "not_a_server_error,content_type_conformance,response_schema_conformance"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", &examples()])
        .args([
            "--generation-deterministic",
            "--continue-on-failure",
            "--no-color",
            "--request-timeout",
            "60",
        ])
        .args(["--exclude-path-regex", "^/api/container/"])
        .env("NO_PROXY", "*")
        .current_dir(std::env::temp_dir());
    for path in LEFT_OUT {
        command.args(["--exclude-path", path]);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let cases = said.lines().find(|line| line.contains("generated,")).unwrap_or_default().to_owned();
    let count: u32 = cases.trim().split(' ').next().unwrap().parse().unwrap();
    assert!(count > 1_000, "too few to say anything: {cases}");
    assert_eq!(bob.get("/api/auth/me").await.status, 200, "he was signed in all the time");
}

/// More by hand: MOSAIC_TEST_EXAMPLES=500.
fn examples() -> String {
    std::env::var("MOSAIC_TEST_EXAMPLES").unwrap_or_else(|_| "20".to_owned())
}

#[tokio::test]
async fn hostile_bodies_are_refused_in_words() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let bob = mosaic.equipped("bob").await;
    let document: Value = serde_json::from_str(include_str!("../../api/openapi.json")).unwrap();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["requestBody"].is_null() || LEFT_OUT.contains(&path.as_str()) {
                continue;
            }
            for (what, body) in bodies() {
                refused(&bob, method, path, what, body).await;
                tried += 1;
            }
        }
    }
    assert!(tried > 50, "{tried}");
}

/// What no handler may take.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let deep =
        |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000)).into_bytes();
    vec![
        ("lists, 10,000 deep", deep("[", "]")),
        ("objects, 10,000 deep", deep("{\"name\":", "}")),
        ("no UTF-8", b"{\"name\":\"\xff\xfe\"}".to_vec()),
        ("half of an object", b"{\"name\":".to_vec()),
        ("a number out of range", b"{\"name\":1e999999}".to_vec()),
        ("nine MiB", vec![b' '; 9 << 20]),
        ("a list", b"[1,2,3]".to_vec()),
    ]
}

async fn refused(person: &Person, method: &str, path: &str, what: &str, body: Vec<u8>) {
    let path = path.replace("{id}", &format!("cht_{}", uuid::Uuid::now_v7().simple()));
    let method: Method = method.to_uppercase().parse().unwrap();
    let request = person.request(method, &path).header("Content-Type", "application/json").body(body);
    // A server that stops reading may close before everything is sent: that is a refusal too.
    let Ok(response) = request.send().await else { return };
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let said = response.text().await.unwrap_or_default();
    assert!((400..500).contains(&status), "{path}, {what}: {status} {said}");
    let expected = if path.starts_with("/v1/") { "application/json" } else { "application/problem+json" };
    assert_eq!(kind.as_deref(), Some(expected), "{path}, {what}: {said}");
    let said: Value = serde_json::from_str(&said).unwrap();
    let words = if path.starts_with("/v1/") { &said["error"]["message"] } else { &said["detail"] };
    assert!(words.as_str().is_some_and(|words| words.len() > 10), "{path}, {what}: {said}");
}
