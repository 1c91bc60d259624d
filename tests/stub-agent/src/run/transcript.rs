//! The messages of a session, as OpenClaw commits them. They are only built here; `session` numbers and
//! stores them.

use chrono::Utc;
use serde_json::{Value, json};

use super::Turn;
use crate::upstream::{Message, ToolCall, Usage};

/// The user's message.
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

pub fn tool_result(turn: &Turn, call: &ToolCall, text: &str, millis: u64) -> Value {
    json!({
        "role": "toolResult", "toolCallId": call.id, "toolName": call.name,
        "content": [{"type": "text", "text": text}],
        "details": {"status": "completed", "exitCode": 0, "durationMs": millis},
        "isError": false, "timestamp": now(), "__openclaw": {"runId": turn.run_id},
    })
}

/// A failed run.
pub fn failed(turn: &Turn, reason: &str) -> Value {
    let mut message = assistant(turn, json!([]), "error");
    message["errorMessage"] = json!(reason);
    message
}

/// An earlier message in the model's prompt, which has no tool calls and results.
pub fn for_model(message: &Value) -> Option<Message> {
    let content = &message["content"];
    match message["role"].as_str()? {
        "user" => Some(Message::User(content.as_str()?.to_owned())),
        "assistant" => Some(Message::Assistant(content[0]["text"].as_str()?.to_owned())),
        _ => None,
    }
}

/// The user's text as the model gets it: OpenClaw adds the time and its runtime.
pub fn wrapped(turn: &Turn) -> String {
    let stamp = Utc::now().format("%a %Y-%m-%d %H:%M UTC");
    let (text, agent, key) = (&turn.text, &turn.agent, turn.session.key());
    format!("[{stamp}] {text}\n\nRuntime: agent={agent} | session={key} | host=stub")
}

/// A call's arguments, or an empty object if they are not JSON.
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
