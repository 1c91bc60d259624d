//! A message and its answer, on the stub agent.

use serde_json::json;
use tests::{Mosaic, answer_text};

#[tokio::test]
async fn a_cold_start_reports_its_stages_and_the_answer_is_streamed() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let turn = person.ask(&chat, "Hello, who are you?").await;
    let events = person.follow(&turn, 0).await.read_to_end().await;

    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds.last(), Some(&"done"), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| matches!(**kind, "done" | "error")).count(), 1);
    let stages: Vec<&str> =
        events.iter().filter(|e| e.kind == "stage").map(|e| e.data["name"].as_str().unwrap()).collect();
    assert_eq!(stages.last(), Some(&"ready"), "{stages:?}");
    assert!(stages.len() > 1, "{stages:?}");
    assert!(events.windows(2).all(|pair| pair[0].id < pair[1].id), "positions increase");

    let stored = person.wait_for_turn(&turn).await;
    assert_eq!(stored["status"], "done");
    assert!(!stored["answer"].as_str().unwrap().is_empty());
    assert_eq!(stored["answer"].as_str().unwrap(), answer_text(&events));
    assert_eq!(mosaic.containers().await.len(), 1);

    // The second message needs no start and uses the same container.
    let second = person.ask(&chat, "And now?").await;
    let stored = person.wait_for_turn(&second).await;
    assert_eq!((stored["status"].as_str(), stored["seq"].as_i64()), (Some("done"), Some(2)));
    assert_eq!(mosaic.containers().await.len(), 1);
    let shown = person.get(&format!("/api/chats/{chat}")).await.body;
    assert_eq!(shown["title"], "Hello, who are you?");
    assert_eq!(shown["turns"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_follower_resumes_at_its_position() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let turn = person.ask(&chat, "[[llm:tokens=60,gap=20]]").await;
    let mut first = person.follow(&turn, 0).await;
    let mut seen = vec![first.wait_for("delta").await, first.wait_for("delta").await];
    drop(first);
    let rest = person.follow(&turn, seen.last().unwrap().id).await.read_to_end().await;
    assert!(rest[0].id > seen[1].id);
    seen.extend(rest);
    let stored = person.wait_for_turn(&turn).await;
    assert_eq!(answer_text(&seen), stored["answer"].as_str().unwrap());
    // Long after the end, from the beginning.
    let replay = person.follow(&turn, 0).await.read_to_end().await;
    assert_eq!(answer_text(&replay), stored["answer"].as_str().unwrap());
    // From a position that does not exist the follower gets the whole text at once.
    let lost = person.follow(&turn, 999_999).await.read_to_end().await;
    assert_eq!(lost[0].kind, "snapshot");
    assert_eq!(answer_text(&lost), stored["answer"].as_str().unwrap());
}

#[tokio::test]
async fn a_chat_has_one_turn_at_a_time_and_a_stop_keeps_the_text_so_far() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let turn = person.ask(&chat, "[[llm:tokens=2000,gap=50]]").await;
    let busy = person.post(&format!("/api/chats/{chat}/turns"), &json!({ "text": "me too" })).await;
    assert_eq!((busy.status, busy.body["code"].as_str()), (409, Some("turn_running")));
    let mut events = person.follow(&turn, 0).await;
    events.wait_for("delta").await;
    assert_eq!(person.post(&format!("/api/turns/{turn}/stop"), &json!({})).await.status, 202);
    assert_eq!(events.wait_for("done").await.data["status"], "stopped");
    let stored = person.wait_for_turn(&turn).await;
    assert_eq!(stored["status"], "stopped");
    assert!(!stored["answer"].as_str().unwrap().is_empty());
    let next = person.ask(&chat, "go on").await;
    assert_eq!(person.wait_for_turn(&next).await["status"], "done");
}

#[tokio::test]
async fn regenerate_replaces_the_turn_and_keeps_what_was_before() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let first = person.ask(&chat, "My name is Grace.").await;
    person.wait_for_turn(&first).await;
    let second = person.ask(&chat, "What is my name?").await;
    person.wait_for_turn(&second).await;
    let body = json!({ "text": "Say my name.", "replaces": second });
    let third = person.post(&format!("/api/chats/{chat}/turns"), &body).await;
    assert_eq!(third.status, 202, "{:?}", third.body);
    person.wait_for_turn(third.body["turnId"].as_str().unwrap()).await;
    let turns = person.get(&format!("/api/chats/{chat}")).await.body["turns"].clone();
    let questions: Vec<&str> =
        turns.as_array().unwrap().iter().map(|t| t["question"].as_str().unwrap()).collect();
    assert_eq!(questions, ["My name is Grace.", "Say my name."]);
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_turn() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let path = format!("/api/chats/{chat}/turns");
    let key = [("Idempotency-Key", "once")];
    let first = person.post_with(&path, &json!({ "text": "hi" }), &key).await;
    let again = person.post_with(&path, &json!({ "text": "hi" }), &key).await;
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(first.body, again.body);
    let other = person.post_with(&path, &json!({ "text": "something else" }), &key).await;
    assert_eq!((other.status, other.body["code"].as_str()), (409, Some("idempotency_key_reused")));
    person.wait_for_turn(first.body["turnId"].as_str().unwrap()).await;
}
