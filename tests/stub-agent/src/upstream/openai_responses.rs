//! OpenAI's responses, in the form of OpenClaw's `openai-responses`.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Dialect, Message, Prompt, ReplyPart, Request, ToolCall, Usage, text};

pub struct OpenAiResponses;

impl Dialect for OpenAiResponses {
    fn request(&self, key: &str, model: &str, prompt: &Prompt<'_>) -> Request {
        let input: Vec<_> = prompt.messages.iter().map(item).collect();
        let tools = prompt
            .tools()
            .into_iter()
            .map(|(name, parameters)| json!({"type": "function", "name": name, "parameters": parameters}));
        let body = json!({
            "model": model, "instructions": prompt.system, "input": input, "stream": true,
            "tools": tools.collect::<Vec<_>>(),
        });
        Request { path: "/responses", headers: vec![("authorization", format!("Bearer {key}"))], body }
    }

    fn parse_event(&mut self, event: &Value, parts: &mut VecDeque<ReplyPart>) -> bool {
        match event["type"].as_str() {
            Some("response.output_text.delta") => {
                parts.push_back(ReplyPart::Text(text(event, "/delta")));
            }
            Some("response.output_item.done") if event["item"]["type"] == "function_call" => {
                parts.push_back(ReplyPart::Call(ToolCall {
                    id: text(event, "/item/call_id"),
                    name: text(event, "/item/name"),
                    args: text(event, "/item/arguments"),
                }));
            }
            Some("response.completed") => {
                let count = |name: &str| event["response"]["usage"][name].as_u64();
                parts.push_back(ReplyPart::Usage(Usage {
                    input: count("input_tokens").unwrap_or_default(),
                    output: count("output_tokens").unwrap_or_default(),
                }));
                return true;
            }
            _ => {}
        }
        false
    }
}

fn item(line: &Message) -> Value {
    match line {
        Message::User(text) => {
            json!({"role": "user", "content": [{"type": "input_text", "text": text}]})
        }
        Message::Assistant(text) => {
            json!({"role": "assistant", "content": [{"type": "output_text", "text": text}]})
        }
        Message::Call(call) => json!({
            "type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.args,
        }),
        Message::Result { id, text } => {
            json!({"type": "function_call_output", "call_id": id, "output": text})
        }
    }
}
