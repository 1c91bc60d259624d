//! OpenAI's chat completions, in the form of OpenClaw's `openai-completions`.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Dialect, Message, Prompt, ReplyPart, Request, ToolCall, Usage, text};

/// A tool call arrives in parts and is kept until it is complete.
#[derive(Default)]
pub struct OpenAiChat {
    calls: Vec<ToolCall>,
}

impl Dialect for OpenAiChat {
    fn request(&self, key: &str, model: &str, prompt: &Prompt<'_>) -> Request {
        let mut messages = vec![json!({"role": "system", "content": prompt.system})];
        messages.extend(prompt.messages.iter().map(message));
        let tools = prompt.tools().into_iter().map(|(name, parameters)| {
            json!({"type": "function", "function": {"name": name, "parameters": parameters}})
        });
        let body = json!({
            "model": model, "messages": messages, "stream": true,
            "stream_options": {"include_usage": true}, "tools": tools.collect::<Vec<_>>(),
        });
        Request { path: "/chat/completions", headers: vec![("authorization", format!("Bearer {key}"))], body }
    }

    fn parse_event(&mut self, event: &Value, parts: &mut VecDeque<ReplyPart>) -> bool {
        if event == "[DONE]" {
            parts.extend(self.calls.drain(..).map(ReplyPart::Call));
            return true;
        }
        let delta = &event["choices"][0]["delta"];
        let said = text(delta, "/content");
        if !said.is_empty() {
            parts.push_back(ReplyPart::Text(said));
        }
        for part in delta["tool_calls"].as_array().into_iter().flatten() {
            self.gather(part);
        }
        if let (Some(input), Some(output)) =
            (event["usage"]["prompt_tokens"].as_u64(), event["usage"]["completion_tokens"].as_u64())
        {
            parts.push_back(ReplyPart::Usage(Usage { input, output }));
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

fn message(line: &Message) -> Value {
    match line {
        Message::User(text) => json!({"role": "user", "content": text}),
        Message::Assistant(text) => json!({"role": "assistant", "content": text}),
        Message::Call(call) => {
            let function = json!({"name": call.name, "arguments": call.args});
            let call = json!({"id": call.id, "type": "function", "function": function});
            json!({"role": "assistant", "content": null, "tool_calls": [call]})
        }
        Message::Result { id, text } => json!({"role": "tool", "tool_call_id": id, "content": text}),
    }
}
