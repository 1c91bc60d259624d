//! Following a run through late sessions, repeated pages and broken connections.

use crate::scripted::{Action, Server, ada, answer, head, session};
use futures_util::StreamExt;
use openclaw::HistoryPart;
use serde_json::{Value, json};

fn entry(id: &str, seq: u64, run: Option<&str>, role: &str, content: Value) -> Value {
    json!({ "role": role, "content": content, "toolCallId": "c1", "toolName": "exec",
        "__openclaw": { "id": id, "seq": seq, "runId": run } })
}

fn page(entries: &[Value]) -> Action {
    Action::Send(format!("event: history\ndata: {}\n\n", json!({ "items": entries })).into())
}

fn what(part: &HistoryPart) -> &'static str {
    match part {
        HistoryPart::User { .. } => "user",
        HistoryPart::Text { .. } => "text",
        HistoryPart::Commentary(_) => "commentary",
        HistoryPart::ToolCall { .. } => "call",
        HistoryPart::ToolResult { .. } => "result",
        HistoryPart::Failed(_) => "failed",
    }
}

#[tokio::test]
async fn each_part_of_the_run_comes_once_and_in_order() {
    let old = entry("e0", 1, Some("r0"), "assistant", json!([{ "type": "text", "text": "old" }]));
    let question = entry("e1", 2, None, "user", json!("go"));
    let call =
        entry("e2", 3, Some("r1"), "assistant", json!([{ "type": "toolCall", "id": "c1", "name": "exec" }]));
    let result = entry("e3", 4, Some("r1"), "toolResult", json!([{ "type": "text", "text": "out" }]));
    let text = entry("e4", 5, Some("r1"), "assistant", json!([{ "type": "text", "text": "done" }]));
    let stream = || head("200 OK", "text/event-stream");
    let scripts = vec![
        answer("404 Not Found", "{}"),
        vec![
            stream(),
            Action::Send(b"retry: 1000\n\n: keepalive\n\n".to_vec()),
            page(&[old.clone(), question.clone()]),
            page(&[old.clone(), question.clone(), call.clone()]),
        ],
        answer("503 Service Unavailable", "{}"),
        vec![
            stream(),
            page(&[question.clone(), call.clone(), result.clone()]),
            page(&[call, result, text]),
            Action::Hold,
        ],
    ];
    let mut server = Server::start(scripts).await;
    let follow = server.gateway().follow_run(&ada(), session(), "r1");
    let items: Vec<_> = follow.take(3).collect().await;
    let parts: Vec<&str> = items.iter().map(|item| what(&item.part)).collect();
    assert_eq!(parts, ["call", "result", "text"]);
    assert!(server.request(1).head.contains("accept: text/event-stream"));
    // Dropping the items closed the connection.
    server.disconnects.recv().await.unwrap();
}

#[tokio::test]
async fn an_endless_event_is_cut_off_and_the_run_is_still_followed() {
    let stream = || head("200 OK", "text/event-stream");
    let text = entry("e1", 1, Some("r1"), "assistant", json!([{ "type": "text", "text": "done" }]));
    let mut endless = vec![stream(), Action::Send(b"data: ".to_vec())];
    endless.extend((0..20).map(|_| Action::Send(vec![b'x'; 1 << 20])));
    endless.push(Action::Hold);
    let mut server = Server::start(vec![endless, vec![stream(), page(&[text]), Action::Hold]]).await;
    let mut items = server.gateway().follow_run(&ada(), session(), "r1");
    let item = items.next().await.unwrap();
    assert_eq!(what(&item.part), "text");
    server.disconnects.recv().await.unwrap();
}

#[tokio::test]
async fn a_byte_that_is_not_utf_8_does_not_end_the_following() {
    let text = entry("e1", 1, Some("r1"), "assistant", json!([{ "type": "text", "text": "done" }]));
    let script = vec![
        head("200 OK", "text/event-stream"),
        Action::Send(b"\xef\xbb\xbfdata: \xff\xfe\n\n".to_vec()),
        page(&[text]),
        Action::Hold,
    ];
    let server = Server::start(vec![script]).await;
    let mut items = server.gateway().follow_run(&ada(), session(), "r1");
    assert_eq!(what(&items.next().await.unwrap().part), "text");
}
