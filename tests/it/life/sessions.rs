//! Sessions that nobody can go on with go, and no others; nothing is woken for it.

use super::{by_hand, container, count, observed, sql};
use serde_json::{Value, json};
use std::fs;
use tests::{Mosaic, Person, docker, eventually};

const OPEN: &str = "select count(*) from jobs where kind = 'prune-sessions' and finished_at is null";

/// What was said in the sessions of a container, all of it.
fn kept(container: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    docker(&["cp", &format!("{container}:/data/stub"), &folder.path().display().to_string()]);
    let files = fs::read_dir(folder.path().join("stub")).unwrap();
    files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

async fn says(person: &Person, chat: &str, body: Value) -> String {
    let turn = person.post(&format!("/api/chats/{chat}/turns"), &body).await;
    assert_eq!(turn.status, 202, "{:?}", turn.body);
    let turn = person.finished(turn.body["turnId"].as_str().unwrap()).await;
    assert_eq!(turn["status"], "done", "{turn}");
    turn["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_nobody_can_go_on_with_is_deleted_while_nobody_uses_the_container() {
    let mosaic = Mosaic::start().await;
    let person = by_hand(&mosaic).await;
    let made = person.post("/api/tokens", &json!({ "name": "p", "scopes": ["chat"] })).await;
    let program = Person::with_token(person.url(), made.body["token"].as_str().unwrap());
    let asked = json!({ "model": "ada", "messages": [{ "role": "user", "content": "a passing puffin" }] });
    assert_eq!(program.post("/v1/chat/completions", &asked).await.status, 200);
    let (staying, going) = (person.chat().await, person.chat().await);
    says(&person, &staying, json!({ "text": "a staying stork" })).await;
    let replaced = says(&person, &staying, json!({ "text": "a replaced rail" })).await;
    says(&person, &staying, json!({ "text": "a second stork", "replaces": replaced })).await;
    says(&person, &going, json!({ "text": "a going goose" })).await;
    let name = mosaic.containers().await.remove(0);
    let before = kept(&name);
    for words in ["passing puffin", "staying stork", "replaced rail", "second stork", "going goose"] {
        assert!(before.contains(words), "{words}");
    }

    assert_eq!(person.delete(&format!("/api/chats/{going}")).await.status, 204);
    let after = eventually("the sessions are gone", || async {
        let left = kept(&name);
        let gone = ["passing puffin", "replaced rail", "going goose"];
        gone.iter().all(|words| !left.contains(words)).then_some(left)
    })
    .await;
    assert!(after.contains("second stork"), "{after}");
    let found = json!({ "query": "puffin" });
    let found = person.post("/api/conversations/search", &found).await.body["items"].clone();
    assert!(!found.as_array().unwrap().is_empty(), "it is in the archive");
    says(&person, &staying, json!({ "text": "Go on." })).await;
    assert!(mosaic.llm.requests().pop().unwrap().prompt.contains("a second stork"), "the chat's memory");

    // A container that sleeps is not woken; it is done when somebody has woken it.
    assert_eq!(person.post("/api/container/stop", &json!({})).await.status, 202);
    observed(&person, "stopped").await;
    assert_eq!(person.delete(&format!("/api/chats/{staying}")).await.status, 204);
    sql(&mosaic, "update jobs set due_at = now() where kind = 'prune-sessions' and finished_at is null")
        .await;
    eventually("the job is over", || async { (count(&mosaic, OPEN).await == 0).then_some(()) }).await;
    assert_eq!(container(&person).await["observed"], "stopped");
    assert!(kept(&name).contains("second stork"));
}
