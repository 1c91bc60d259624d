//! Anthropic's messages, in the form of OpenClaw's `anthropic-messages`.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Dialect, Message, Prompt, ReplyPart, Request, ToolCall, Usage, text};

/// A tool call and the counts arrive in parts.
#[derive(Default)]
pub struct Anthropic {
    call: Option<ToolCall>,
    usage: Usage,
}

impl Dialect for Anthropic {
    fn request(&self, key: &str, model: &str, prompt: &Prompt<'_>) -> Request {
        let messages: Vec<_> = prompt.messages.iter().map(message).collect();
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

    fn parse_event(&mut self, event: &Value, parts: &mut VecDeque<ReplyPart>) -> bool {
        match event["type"].as_str() {
            Some("message_start") => self.usage.input = count(event, "/message/usage/input_tokens"),
            Some("content_block_start") if event["content_block"]["type"] == "tool_use" => {
                self.call = Some(ToolCall {
                    id: text(event, "/content_block/id"),
                    name: text(event, "/content_block/name"),
                    args: String::new(),
                });
            }
            Some("content_block_delta") => self.delta(event, parts),
            Some("content_block_stop") => parts.extend(self.call.take().map(ReplyPart::Call)),
            Some("message_delta") => self.usage.output = count(event, "/usage/output_tokens"),
            Some("message_stop") => {
                parts.push_back(ReplyPart::Usage(self.usage));
                return true;
            }
            _ => {}
        }
        false
    }
}

impl Anthropic {
    fn delta(&mut self, event: &Value, parts: &mut VecDeque<ReplyPart>) {
        match &mut self.call {
            Some(call) => call.args.push_str(&text(event, "/delta/partial_json")),
            None => parts.push_back(ReplyPart::Text(text(event, "/delta/text"))),
        }
    }
}

fn count(event: &Value, pointer: &str) -> u64 {
    event.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

fn message(line: &Message) -> Value {
    match line {
        Message::User(text) => json!({"role": "user", "content": text}),
        Message::Assistant(text) => json!({"role": "assistant", "content": text}),
        Message::Call(call) => {
            let input: Value = serde_json::from_str(&call.args).unwrap_or_else(|_| json!({}));
            let block = json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input});
            json!({"role": "assistant", "content": [block]})
        }
        Message::Result { id, text } => {
            let block = json!({"type": "tool_result", "tool_use_id": id, "content": text});
            json!({"role": "user", "content": [block]})
        }
    }
}
