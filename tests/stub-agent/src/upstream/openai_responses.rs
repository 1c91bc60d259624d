//! OpenAI's responses, as OpenClaw's `openai-responses` speaks them.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Dialect, Line, Piece, Prompt, Request, ToolCall, Usage, text};

/// The dialect.
pub struct OpenAiResponses;

impl Dialect for OpenAiResponses {
    fn request(&self, key: &str, model: &str, prompt: &Prompt<'_>) -> Request {
        let input: Vec<_> = prompt.lines.iter().map(item).collect();
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

    fn read(&mut self, event: &Value, pieces: &mut VecDeque<Piece>) -> bool {
        match event["type"].as_str() {
            Some("response.output_text.delta") => {
                pieces.push_back(Piece::Text(text(event, "/delta")));
            }
            Some("response.output_item.done") if event["item"]["type"] == "function_call" => {
                pieces.push_back(Piece::Call(ToolCall {
                    id: text(event, "/item/call_id"),
                    name: text(event, "/item/name"),
                    args: text(event, "/item/arguments"),
                }));
            }
            Some("response.completed") => {
                let count = |name: &str| event["response"]["usage"][name].as_u64();
                pieces.push_back(Piece::Usage(Usage {
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

fn item(line: &Line) -> Value {
    match line {
        Line::User(text) => {
            json!({"role": "user", "content": [{"type": "input_text", "text": text}]})
        }
        Line::Assistant(text) => {
            json!({"role": "assistant", "content": [{"type": "output_text", "text": text}]})
        }
        Line::Call(call) => json!({
            "type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.args,
        }),
        Line::Result { id, text } => {
            json!({"type": "function_call_output", "call_id": id, "output": text})
        }
    }
}
