//! OpenAI's chat completions, as OpenClaw's `openai-completions` speaks them.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Dialect, Line, Piece, Prompt, Request, ToolCall, Usage, text};

/// The dialect; a tool call arrives in parts and is kept until it is whole.
#[derive(Default)]
pub struct OpenAiChat {
    calls: Vec<ToolCall>,
}

impl Dialect for OpenAiChat {
    fn request(&self, key: &str, model: &str, prompt: &Prompt<'_>) -> Request {
        let mut messages = vec![json!({"role": "system", "content": prompt.system})];
        messages.extend(prompt.lines.iter().map(message));
        let tools = prompt.tools().into_iter().map(|(name, parameters)| {
            json!({"type": "function", "function": {"name": name, "parameters": parameters}})
        });
        let body = json!({
            "model": model, "messages": messages, "stream": true,
            "stream_options": {"include_usage": true}, "tools": tools.collect::<Vec<_>>(),
        });
        Request { path: "/chat/completions", headers: vec![("authorization", format!("Bearer {key}"))], body }
    }

    fn read(&mut self, event: &Value, pieces: &mut VecDeque<Piece>) -> bool {
        if event == "[DONE]" {
            pieces.extend(self.calls.drain(..).map(Piece::Call));
            return true;
        }
        let delta = &event["choices"][0]["delta"];
        let said = text(delta, "/content");
        if !said.is_empty() {
            pieces.push_back(Piece::Text(said));
        }
        for part in delta["tool_calls"].as_array().into_iter().flatten() {
            self.gather(part);
        }
        if let (Some(input), Some(output)) =
            (event["usage"]["prompt_tokens"].as_u64(), event["usage"]["completion_tokens"].as_u64())
        {
            pieces.push_back(Piece::Usage(Usage { input, output }));
        }
        false
    }
}

impl OpenAiChat {
    fn gather(&mut self, part: &Value) {
        let index = part["index"].as_u64().map_or(0, |n| usize::try_from(n).unwrap_or(0));
        if index >= self.calls.len() {
            self.calls.push(ToolCall::default());
        }
        if let Some(call) = self.calls.last_mut() {
            call.id.push_str(&text(part, "/id"));
            call.name.push_str(&text(part, "/function/name"));
            call.args.push_str(&text(part, "/function/arguments"));
        }
    }
}

fn message(line: &Line) -> Value {
    match line {
        Line::User(text) => json!({"role": "user", "content": text}),
        Line::Assistant(text) => json!({"role": "assistant", "content": text}),
        Line::Call(call) => {
            let function = json!({"name": call.name, "arguments": call.args});
            let call = json!({"id": call.id, "type": "function", "function": function});
            json!({"role": "assistant", "content": null, "tool_calls": [call]})
        }
        Line::Result { id, text } => json!({"role": "tool", "tool_call_id": id, "content": text}),
    }
}
