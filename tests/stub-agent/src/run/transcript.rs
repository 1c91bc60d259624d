//! The messages of a session as OpenClaw commits them. It only builds them; `session` numbers and
//! keeps them.

use chrono::Utc;
use serde_json::{Value, json};

use super::Turn;
use crate::upstream::{Line, ToolCall, Usage};

/// The user's clean text.
pub fn user(turn: &Turn) -> Value {
    json!({
        "role": "user", "content": turn.text, "timestamp": now(),
        "idempotencyKey": format!("{}:user", turn.run_id),
        "__openclaw": {"senderIsOwner": true},
    })
}

/// The whole answer.
pub fn answer(turn: &Turn, text: &str, model: (&str, &str), usage: Usage) -> Value {
    let mut message = assistant(turn, json!([{"type": "text", "text": text}]), "stop");
    let Usage { input, output } = usage;
    message["provider"] = json!(model.0);
    message["model"] = json!(model.1);
    message["usage"] = json!({
        "input": input, "output": output, "totalTokens": input + output,
        "cacheRead": 0, "cacheWrite": 0,
    });
    message
}

/// A tool call of the model.
pub fn tool_call(turn: &Turn, call: &ToolCall) -> Value {
    let args = arguments(call);
    let block = json!({"type": "toolCall", "id": call.id, "name": call.name, "arguments": args});
    assistant(turn, json!([block]), "toolUse")
}

/// What came of it.
pub fn tool_result(turn: &Turn, call: &ToolCall, text: &str, millis: u64) -> Value {
    json!({
        "role": "toolResult", "toolCallId": call.id, "toolName": call.name,
        "content": [{"type": "text", "text": text}],
        "details": {"status": "completed", "exitCode": 0, "durationMs": millis},
        "isError": false, "timestamp": now(), "__openclaw": {"runId": turn.run_id},
    })
}

/// A run that failed.
pub fn failed(turn: &Turn, why: &str) -> Value {
    let mut message = assistant(turn, json!([]), "error");
    message["errorMessage"] = json!(why);
    message
}

/// What the model is told of earlier turns: what was said, not what the tools did.
pub fn remembered(message: &Value) -> Option<Line> {
    let content = &message["content"];
    match message["role"].as_str()? {
        "user" => Some(Line::User(content.as_str()?.to_owned())),
        "assistant" => Some(Line::Assistant(content[0]["text"].as_str()?.to_owned())),
        _ => None,
    }
}

/// The user's text as the model sees it: OpenClaw wraps the time and its runtime around it.
pub fn wrapped(turn: &Turn) -> String {
    let stamp = Utc::now().format("%a %Y-%m-%d %H:%M UTC");
    let (text, agent, key) = (&turn.text, &turn.agent, turn.session.key());
    format!("[{stamp}] {text}\n\nRuntime: agent={agent} | session={key} | host=stub")
}

/// A call's arguments; an empty object when they are not JSON.
pub fn arguments(call: &ToolCall) -> Value {
    serde_json::from_str(&call.args).unwrap_or_else(|_| json!({}))
}

fn assistant(turn: &Turn, content: Value, stop_reason: &str) -> Value {
    json!({
        "role": "assistant", "content": content, "stopReason": stop_reason,
        "timestamp": now(), "responseId": turn.run_id, "__openclaw": {"runId": turn.run_id},
    })
}

fn now() -> i64 {
    Utc::now().timestamp_millis()
}
