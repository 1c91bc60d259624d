//! Hostile requests: none causes a server error, and each refusal is a problem document.

use reqwest::Method;
use serde_json::Value;
use std::process::Command;
use tests::{Mosaic, Person, prepared};

/// Routes that sign the browser out (schemathesis learns ids from responses) or that never end.
const EXCLUDED: &[&str] = &[
    "/api/auth/logout",
    "/api/auth/sessions/{id}",
    "/api/container/events",
    "/api/jobs/events",
    "/api/turns/{id}/events",
];

#[tokio::test]
async fn generated_requests_cause_no_server_error() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    let mut command = Command::new(format!("{}/python/bin/schemathesis", prepared("MOSAIC_TEST_CLIENTS")));
    command
        .args(["run", concat!(env!("CARGO_MANIFEST_DIR"), "/../api/openapi.json")])
        .args(["--url", &mosaic.url, "--header", &format!("Cookie: {}", bob.cookie())])
        .args(["--checks", "not_a_server_error,content_type_conformance,response_schema_conformance"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", &max_examples()])
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
    for path in EXCLUDED {
        command.args(["--exclude-path", path]);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    let cases = report.lines().find(|line| line.contains("generated,")).unwrap_or_default().to_owned();
    let count: u32 = cases.trim().split(' ').next().unwrap().parse().unwrap();
    assert!(count > 1_000, "too few cases: {cases}");
    assert_eq!(bob.get("/api/auth/me").await.status, 200, "bob was signed in all the time");
}

/// How many examples per operation; MOSAIC_TEST_EXAMPLES sets another number.
fn max_examples() -> String {
    std::env::var("MOSAIC_TEST_EXAMPLES").unwrap_or_else(|_| "20".to_owned())
}

#[tokio::test]
async fn hostile_bodies_are_refused_with_an_explanation() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    let document: Value = serde_json::from_str(include_str!("../../api/openapi.json")).unwrap();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["requestBody"].is_null() || EXCLUDED.contains(&path.as_str()) {
                continue;
            }
            for (what, body) in bodies() {
                assert_refused(&bob, method, path, what, body).await;
                tried += 1;
            }
        }
    }
    assert!(tried > 50, "{tried}");
}

/// Bodies that no handler may accept.
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

async fn assert_refused(person: &Person, method: &str, path: &str, what: &str, body: Vec<u8>) {
    let path = path.replace("{id}", &format!("cht_{}", uuid::Uuid::now_v7().simple()));
    let method: Method = method.to_uppercase().parse().unwrap();
    let request = person.request(method, &path).header("Content-Type", "application/json").body(body);
    // A server may close the connection before all of the body is sent. That is a refusal too.
    let Ok(response) = request.send().await else { return };
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap_or_default();
    assert!((400..500).contains(&status), "{path}, {what}: {status} {text}");
    let expected = if path.starts_with("/v1/") { "application/json" } else { "application/problem+json" };
    assert_eq!(kind.as_deref(), Some(expected), "{path}, {what}: {text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    let words = if path.starts_with("/v1/") { &body["error"]["message"] } else { &body["detail"] };
    assert!(words.as_str().is_some_and(|words| words.len() > 10), "{path}, {what}: {body}");
}
