//! Following a run through late sessions, repeated pages and broken connections.

use crate::scripted::{Play, Server, ada, answer, head, session};
use futures_util::StreamExt;
use openclaw::Part;
use serde_json::{Value, json};

fn entry(id: &str, seq: u64, run: Option<&str>, role: &str, content: Value) -> Value {
    json!({ "role": role, "content": content, "toolCallId": "c1", "toolName": "exec",
        "__openclaw": { "id": id, "seq": seq, "runId": run } })
}

fn page(entries: &[Value]) -> Play {
    Play::Send(format!("event: history\ndata: {}\n\n", json!({ "items": entries })).into())
}

fn what(part: &Part) -> &'static str {
    match part {
        Part::User { .. } => "user",
        Part::Text { .. } => "text",
        Part::Commentary(_) => "commentary",
        Part::ToolCall { .. } => "call",
        Part::ToolResult { .. } => "result",
        Part::Failed(_) => "failed",
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
            Play::Send(b"retry: 1000\n\n: keepalive\n\n".to_vec()),
            page(&[old.clone(), question.clone()]),
            page(&[old.clone(), question.clone(), call.clone()]),
        ],
        answer("503 Service Unavailable", "{}"),
        vec![
            stream(),
            page(&[question.clone(), call.clone(), result.clone()]),
            page(&[call, result, text]),
            Play::Hold,
        ],
    ];
    let mut server = Server::start(scripts).await;
    let follow = server.gateway().follow(&ada(), session(), "r1");
    let items: Vec<_> = follow.take(3).collect().await;
    let parts: Vec<&str> = items.iter().map(|item| what(&item.part)).collect();
    assert_eq!(parts, ["call", "result", "text"]);
    assert!(server.request(1).head.contains("accept: text/event-stream"));
    // The stream went with the items: nobody holds the connection any more.
    server.let_go.recv().await.unwrap();
}
