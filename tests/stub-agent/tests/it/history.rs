//! The history endpoint: pages, the live stream, and the state directory behind it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Agent, text_of};

const KEY: &str = "agent:echo:openai-user:h";

#[tokio::test]
async fn an_unknown_session_is_not_found() {
    let agent = Agent::start().await;
    let answer = agent.get("/sessions/agent:echo:nope/history").send().await.unwrap();
    assert_eq!(answer.status(), 404);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(
        answer,
        json!({"ok": false, "error": {"type": "not_found", "message": "Session not found: agent:echo:nope"}})
    );
}

#[tokio::test]
async fn pages_carry_clean_texts_and_a_cursor() {
    let agent = Agent::start().await;
    for text in ["one", "two"] {
        agent.chat("echo", "h", text).await;
    }
    let page = |query: &str| agent.get(&format!("/sessions/{KEY}/history{query}")).send();
    let page1: Value = page("?limit=1").await.unwrap().json().await.unwrap();
    assert_eq!(page1["items"][0]["content"][0]["text"], "echo: two");
    assert_eq!((page1["hasMore"].as_bool(), page1["nextCursor"].as_str()), (Some(true), Some("4")));
    let rest: Value = page("?cursor=4").await.unwrap().json().await.unwrap();
    assert_eq!(rest["items"][0]["content"], "one");
    assert_eq!(rest["items"][2]["content"], "two");
    assert_eq!(rest["hasMore"], false);
    assert_eq!(rest["items"], rest["messages"]);
    assert_eq!(page("?limit=0").await.unwrap().status(), 400);
}

#[tokio::test]
async fn the_live_stream_shows_a_tool_call_before_the_answer() {
    let agent = Agent::start().await;
    agent.chat("echo", "h", "first").await;
    let follow = agent.get(&format!("/sessions/{KEY}/history"));
    let mut follow = follow.header("accept", "text/event-stream").send().await.unwrap();
    let mut seen = String::new();
    while !seen.contains("event: history") {
        seen.push_str(&String::from_utf8_lossy(&follow.chunk().await.unwrap().unwrap()));
    }
    assert!(seen.starts_with("retry: 1000\n\nevent: history\ndata: {"));
    let events = agent.chat("echo", "h", "[[stub:tool=exec]] go").await;
    assert!(text_of(&events).starts_with("The tool said: stub result of exec"));
    while seen.matches("event: message").count() < 3 {
        let next = tokio::time::timeout(Duration::from_secs(2), follow.chunk());
        seen.push_str(&String::from_utf8_lossy(&next.await.unwrap().unwrap().unwrap()));
    }
    let live: Vec<Value> = crate::harness::events(&seen).split_off(1);
    let numbers: Vec<_> = live.iter().map(|event| event["messageSeq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [3, 4, 6], "the tool's result is not in the live stream");
    assert_eq!(live[1]["message"]["content"][0]["type"], "toolCall");
    assert_eq!(live[2]["message"]["stopReason"], "stop");
    let all = agent.history(KEY).await.unwrap();
    assert_eq!(all[4]["role"], "toolResult");
}

#[tokio::test]
async fn a_restart_keeps_the_sessions() {
    let mut agent = Agent::start().await;
    agent.chat("echo", "h", "kept").await;
    agent.signal("-TERM");
    assert_eq!(agent.exit_code().await, Some(0));
    agent.restart().await;
    agent.chat("echo", "h", "more").await;
    let rows = agent.history(KEY).await.unwrap();
    assert_eq!(rows[0]["content"], "kept");
    assert_eq!(rows[3]["__openclaw"]["seq"], 4);
}
