//! Anthropic's messages, as OpenClaw's `anthropic-messages` speaks them.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Dialect, Line, Piece, Prompt, Request, ToolCall, Usage, text};

/// The dialect; a tool call and the counts arrive in parts.
#[derive(Default)]
pub struct Anthropic {
    call: Option<ToolCall>,
    usage: Usage,
}

impl Dialect for Anthropic {
    fn request(&self, key: &str, model: &str, prompt: &Prompt<'_>) -> Request {
        let messages: Vec<_> = prompt.lines.iter().map(message).collect();
        let tools = prompt.tools().into_iter();
        let tools = tools.map(|(name, schema)| json!({"name": name, "input_schema": schema}));
        let body = json!({
            "model": model, "max_tokens": 4096, "system": prompt.system, "messages": messages,
            "stream": true, "tools": tools.collect::<Vec<_>>(),
        });
        Request {
            path: "/v1/messages",
            headers: vec![("x-api-key", key.to_owned()), ("anthropic-version", "2023-06-01".to_owned())],
            body,
        }
    }

    fn read(&mut self, event: &Value, pieces: &mut VecDeque<Piece>) -> bool {
        match event["type"].as_str() {
            Some("message_start") => self.usage.input = count(event, "/message/usage/input_tokens"),
            Some("content_block_start") if event["content_block"]["type"] == "tool_use" => {
                self.call = Some(ToolCall {
                    id: text(event, "/content_block/id"),
                    name: text(event, "/content_block/name"),
                    args: String::new(),
                });
            }
            Some("content_block_delta") => self.delta(event, pieces),
            Some("content_block_stop") => pieces.extend(self.call.take().map(Piece::Call)),
            Some("message_delta") => self.usage.output = count(event, "/usage/output_tokens"),
            Some("message_stop") => {
                pieces.push_back(Piece::Usage(self.usage));
                return true;
            }
            _ => {}
        }
        false
    }
}

impl Anthropic {
    fn delta(&mut self, event: &Value, pieces: &mut VecDeque<Piece>) {
        match &mut self.call {
            Some(call) => call.args.push_str(&text(event, "/delta/partial_json")),
            None => pieces.push_back(Piece::Text(text(event, "/delta/text"))),
        }
    }
}

fn count(event: &Value, pointer: &str) -> u64 {
    event.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

fn message(line: &Line) -> Value {
    match line {
        Line::User(text) => json!({"role": "user", "content": text}),
        Line::Assistant(text) => json!({"role": "assistant", "content": text}),
        Line::Call(call) => {
            let input: Value = serde_json::from_str(&call.args).unwrap_or_else(|_| json!({}));
            let block = json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input});
            json!({"role": "assistant", "content": [block]})
        }
        Line::Result { id, text } => {
            let block = json!({"type": "tool_result", "tool_use_id": id, "content": text});
            json!({"role": "user", "content": [block]})
        }
    }
}
