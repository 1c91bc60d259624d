//! Findings, memory and the search in them: on the real model, a real endpoint, and without either.

mod crashes;
mod engines;
mod findings;
mod isolation;
mod memory;

use serde_json::{Value, json};
use tests::{Person, eventually};

/// Saves a finding; answers with it.
async fn save(person: &Person, content: &str) -> Value {
    let saved = person.post("/api/findings", &json!({ "content": content })).await;
    assert!(matches!(saved.status, 200 | 201), "{:?}", saved.body);
    saved.body
}

/// Searches findings.
async fn search(person: &Person, query: &str) -> Value {
    let found = person.post("/api/findings/search", &json!({ "query": query })).await;
    assert_eq!(found.status, 200, "{:?}", found.body);
    found.body
}

/// The contents that were found, best first.
fn contents(found: &Value) -> Vec<&str> {
    found["items"].as_array().unwrap().iter().map(|item| item["content"].as_str().unwrap()).collect()
}

/// Waits until nothing of this person waits for vectors; answers with the status.
async fn embedded(person: &Person) -> Value {
    eventually("everything is embedded", || async {
        let status = person.get("/api/knowledge/status").await.body;
        (status["embedding"]["state"] == "ready" && status["pending"] == 0).then_some(status)
    })
    .await
}

/// Changes settings as an admin.
async fn set(admin: &Person, change: Value) -> tests::Reply {
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    admin.patch_with("/api/settings", &change, &[("If-Match", &version)]).await
}
