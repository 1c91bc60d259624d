//! The wire form of a chat answer: chunks of a stream, or one object. The order of the fields is
//! OpenClaw's, byte for byte.

use axum::body::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use crate::run::{Completion, RunEvent, RunFailure};
use crate::upstream::{ToolCall, Usage};

/// What all chunks of one answer share.
#[derive(Debug)]
pub struct Chunks {
    pub id: String,
    /// `model` as the caller sent it.
    pub model: String,
    /// Seconds since the epoch.
    pub created: i64,
    /// Whether the caller asked for token counts.
    pub usage: IncludeUsage,
}

/// `stream_options.include_usage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncludeUsage {
    /// A last chunk counts the tokens.
    Yes,
    No,
}

#[derive(Serialize)]
struct Body<'a, C: Serialize> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: C,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Counts>,
}

#[derive(Serialize)]
struct Delta {
    index: u32,
    delta: Value,
    finish_reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Choice {
    index: u32,
    message: Value,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Counts {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

impl From<Usage> for Counts {
    fn from(Usage { input, output }: Usage) -> Self {
        Self { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
    }
}

impl Chunks {
    /// The first chunk, sent before anything else is done.
    pub fn role(&self) -> Bytes {
        Bytes::from(self.delta(json!({"role": "assistant"}), None))
    }

    /// The bytes of an event; the last event includes the end of the stream.
    pub fn event(&self, event: RunEvent) -> Bytes {
        Bytes::from(match event {
            RunEvent::Text(text) => self.delta(json!({"content": text}), None),
            RunEvent::Calls(calls) => self.delta(json!({"tool_calls": tool_calls(&calls)}), None),
            RunEvent::Done(done) => self.end(&done),
            RunEvent::Failed(failure) => format!("{}data: [DONE]\n\n", data(&error(&failure))),
        })
    }

    /// The whole answer as one object.
    pub fn whole(&self, text: &str, calls: &[ToolCall], done: &Completion) -> Value {
        let mut message = json!({"role": "assistant", "content": text});
        if !calls.is_empty() {
            message["tool_calls"] = tool_calls(calls);
        }
        let choice = Choice { index: 0, message, finish_reason: done.reason };
        json!(self.body("chat.completion", [choice], Some(done.usage)))
    }

    fn end(&self, done: &Completion) -> String {
        let mut end = self.delta(json!({}), Some(done.reason));
        if self.usage == IncludeUsage::Yes {
            let nothing: [Delta; 0] = [];
            end.push_str(&data(&self.body("chat.completion.chunk", nothing, Some(done.usage))));
        }
        end + "data: [DONE]\n\n"
    }

    fn delta(&self, delta: Value, finish_reason: Option<&'static str>) -> String {
        let delta = Delta { index: 0, delta, finish_reason };
        data(&self.body("chat.completion.chunk", [delta], None))
    }

    fn body<C: Serialize>(&self, object: &'static str, choices: C, usage: Option<Usage>) -> Body<'_, C> {
        Body {
            id: &self.id,
            object,
            created: self.created,
            model: &self.model,
            choices,
            usage: usage.map(Counts::from),
        }
    }
}

/// The error object of a failed run.
pub fn error(failure: &RunFailure) -> Value {
    json!({"error": {"message": failure.message, "type": failure.kind}})
}

/// One event. Serialization cannot fail, because there are only strings and numbers.
fn data(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    format!("data: {json}\n\n")
}

fn tool_calls(calls: &[ToolCall]) -> Value {
    let calls = calls.iter().enumerate().map(|(index, call)| {
        let function = json!({"name": call.name, "arguments": call.args});
        json!({"index": index, "id": call.id, "type": "function", "function": function})
    });
    calls.collect()
}
