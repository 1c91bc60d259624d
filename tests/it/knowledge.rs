//! Findings, memory and search: with the real model, with an endpoint, and without either.

mod crashes;
mod embedding_sources;
mod findings;
mod isolation;
mod memory;

use serde_json::{Value, json};
use tests::{Person, eventually};

/// Saves a finding; returns it.
async fn save_finding(person: &Person, content: &str) -> Value {
    let saved = person.post("/api/findings", &json!({ "content": content })).await;
    assert!(matches!(saved.status, 200 | 201), "{:?}", saved.body);
    saved.body
}

/// Searches the user's findings.
async fn search_findings(person: &Person, query: &str) -> Value {
    let found = person.post("/api/findings/search", &json!({ "query": query })).await;
    assert_eq!(found.status, 200, "{:?}", found.body);
    found.body
}

/// The contents of the results, best first.
fn contents(found: &Value) -> Vec<&str> {
    found["items"].as_array().unwrap().iter().map(|item| item["content"].as_str().unwrap()).collect()
}

/// Waits until everything of this user is embedded; returns the status.
async fn wait_until_embedded(person: &Person) -> Value {
    eventually("everything is embedded", || async {
        let status = person.get("/api/knowledge/status").await.body;
        (status["embedding"]["state"] == "ready" && status["pending"] == 0).then_some(status)
    })
    .await
}

/// Changes settings as this admin.
async fn change_settings(admin: &Person, change: Value) -> tests::Reply {
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    admin.patch_with("/api/settings", &change, &[("If-Match", &version)]).await
}
