//! An agent's sessions that can no longer be continued are deleted, and no others. No container is started for that.

use super::{admin_without_schedules, count_rows, execute_sql, get_container, wait_for_state};
use serde_json::{Value, json};
use std::fs;
use tests::{Mosaic, Person, docker, eventually};

const COUNT_OPEN_JOBS: &str =
    "select count(*) from jobs where kind = 'prune-sessions' and finished_at is null";

/// The content of all sessions in a container.
fn stored_sessions(container: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    docker(&["cp", &format!("{container}:/data/stub"), &folder.path().display().to_string()]);
    let files = fs::read_dir(folder.path().join("stub")).unwrap();
    files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

async fn ask(person: &Person, chat: &str, body: Value) -> String {
    let turn = person.post(&format!("/api/chats/{chat}/turns"), &body).await;
    assert_eq!(turn.status, 202, "{:?}", turn.body);
    let turn = person.wait_for_turn(turn.body["turnId"].as_str().unwrap()).await;
    assert_eq!(turn["status"], "done", "{turn}");
    turn["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn sessions_that_cannot_be_continued_are_deleted_while_the_container_is_idle() {
    let mosaic = Mosaic::start().await;
    let person = admin_without_schedules(&mosaic).await;
    let made = person.post("/api/tokens", &json!({ "name": "p", "scopes": ["chat"] })).await;
    let program = Person::with_token(person.url(), made.body["token"].as_str().unwrap());
    let asked = json!({ "model": "ada", "messages": [{ "role": "user", "content": "a passing puffin" }] });
    assert_eq!(program.post("/v1/chat/completions", &asked).await.status, 200);
    let (staying, going) = (person.create_chat().await, person.create_chat().await);
    ask(&person, &staying, json!({ "text": "a staying stork" })).await;
    let replaced = ask(&person, &staying, json!({ "text": "a replaced rail" })).await;
    ask(&person, &staying, json!({ "text": "a second stork", "replaces": replaced })).await;
    ask(&person, &going, json!({ "text": "a going goose" })).await;
    let name = mosaic.containers().await.remove(0);
    let before = stored_sessions(&name);
    for words in ["passing puffin", "staying stork", "replaced rail", "second stork", "going goose"] {
        assert!(before.contains(words), "{words}");
    }

    assert_eq!(person.delete(&format!("/api/chats/{going}")).await.status, 204);
    let after = eventually("the sessions are gone", || async {
        let left = stored_sessions(&name);
        let deleted = ["passing puffin", "replaced rail", "going goose"];
        deleted.iter().all(|words| !left.contains(words)).then_some(left)
    })
    .await;
    assert!(after.contains("second stork"), "{after}");
    let found = json!({ "query": "puffin" });
    let found = person.post("/api/conversations/search", &found).await.body["items"].clone();
    assert!(!found.as_array().unwrap().is_empty(), "it is in the archive");
    ask(&person, &staying, json!({ "text": "Go on." })).await;
    assert!(
        mosaic.llm.requests().pop().unwrap().prompt.contains("a second stork"),
        "the chat keeps its memory"
    );

    // A stopped container is not started for it; the deletion follows at its next start.
    assert_eq!(person.post("/api/container/stop", &json!({})).await.status, 202);
    wait_for_state(&person, "stopped").await;
    assert_eq!(person.delete(&format!("/api/chats/{staying}")).await.status, 204);
    execute_sql(
        &mosaic,
        "update jobs set due_at = now() where kind = 'prune-sessions' and finished_at is null",
    )
    .await;
    eventually("the job has ended", || async {
        (count_rows(&mosaic, COUNT_OPEN_JOBS).await == 0).then_some(())
    })
    .await;
    assert_eq!(get_container(&person).await["observed"], "stopped");
    assert!(stored_sessions(&name).contains("second stork"));
}

#[tokio::test]
async fn a_turn_that_was_never_sent_does_not_keep_the_session_of_a_replaced_branch() {
    let mosaic = Mosaic::start().await;
    let person = admin_without_schedules(&mosaic).await;
    let chat = person.create_chat().await;
    let first = ask(&person, &chat, json!({ "text": "a replaced rail" })).await;
    let second = ask(&person, &chat, json!({ "text": "an unsent umbrellabird" })).await;
    let name = mosaic.containers().await.remove(0);
    eventually("both are in the archive", || async {
        (count_rows(&mosaic, "select count(*) from turns where archived_at is null").await == 0).then_some(())
    })
    .await;
    // As if it had been stopped while it waited for the agent: such a turn is never archived.
    let id = second.strip_prefix("trn_").unwrap();
    let unsent =
        format!("update turns set sent_at = null, archived_at = null, status = 'stopped' where id = '{id}'");
    execute_sql(&mosaic, &unsent).await;

    ask(&person, &chat, json!({ "text": "a second stork", "replaces": first })).await;
    let left = eventually("the session of the first branch is deleted", || async {
        let left = stored_sessions(&name);
        (!left.contains("a replaced rail")).then_some(left)
    })
    .await;
    assert!(left.contains("a second stork"), "{left}");
}
