//! What the events of a chat stream mean.
//!
//! Owns the order of events: nothing follows the terminal one. It must not read from the network.

use crate::{
    errors::{self, Cause, UpstreamError},
    storable,
};
use serde::Deserialize;
use std::collections::VecDeque;

/// Tokens of one answer, all model calls of the run together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct TokenUsage {
    pub input: u64,
    pub output: u64,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// It is complete.
    Complete,
    /// The model's limit for one answer cut it off.
    Length,
}

/// What happens while an agent answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatEvent {
    /// OpenClaw accepted the message.
    Started {
        /// OpenClaw's id of the run (`chatcmpl_…`), which the history's entries carry too.
        run_id: String,
    },
    /// More of the answer.
    Delta(String),
    /// The answer ended.
    Finish(FinishReason),
    /// The answer's tokens, if the provider counts them.
    Usage(TokenUsage),
    /// The run failed; nothing follows.
    Error(UpstreamError),
    /// The end; nothing follows.
    Done,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    id: String,
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<RawUsage>,
    error: Option<RawError>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    content: Option<String>,
}

#[derive(Deserialize)]
struct RawUsage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

impl RawUsage {
    /// OpenClaw writes zeros when the provider does not count.
    const fn is_counted(&self) -> bool {
        self.prompt_tokens > 0 || self.completion_tokens > 0
    }
}

#[derive(Deserialize)]
struct RawError {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
}

/// Turns data of server-sent events into chat events.
#[derive(Debug, Default)]
pub(super) struct ChatDecoder {
    started: bool,
    ended: bool,
}

impl ChatDecoder {
    /// Whether the last event was decoded.
    pub(super) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Decodes one event's data.
    pub(super) fn decode(&mut self, data: &str, out: &mut VecDeque<ChatEvent>) {
        if self.ended {
            return;
        }
        if data == "[DONE]" {
            self.end(ChatEvent::Done, out);
            return;
        }
        let Ok(chunk) = serde_json::from_str::<Chunk>(data) else {
            return self.fail(Cause::BadAnswer.into(), out);
        };
        if let Some(error) = chunk.error {
            return self.fail(errors::classify_stream_error(&error.kind, &error.message), out);
        }
        if !self.started && !chunk.id.is_empty() {
            self.started = true;
            out.push_back(ChatEvent::Started { run_id: storable::text(chunk.id) });
        }
        for choice in chunk.choices {
            out.extend(
                choice
                    .delta
                    .content
                    .filter(|text| !text.is_empty())
                    .map(storable::text)
                    .map(ChatEvent::Delta),
            );
            out.extend(choice.finish_reason.map(|reason| ChatEvent::Finish(finish_reason(&reason))));
        }
        out.extend(chunk.usage.filter(RawUsage::is_counted).map(|usage| {
            ChatEvent::Usage(TokenUsage { input: usage.prompt_tokens, output: usage.completion_tokens })
        }));
    }

    /// The body ended. Without `[DONE]` before, that is a broken connection.
    pub(super) fn close(&mut self, out: &mut VecDeque<ChatEvent>) {
        self.fail(Cause::ConnectionLost.into(), out);
    }

    /// The stream cannot be read any further.
    pub(super) fn fail(&mut self, error: UpstreamError, out: &mut VecDeque<ChatEvent>) {
        self.end(ChatEvent::Error(error), out);
    }

    fn end(&mut self, event: ChatEvent, out: &mut VecDeque<ChatEvent>) {
        if !std::mem::replace(&mut self.ended, true) {
            out.push_back(event);
        }
    }
}

fn finish_reason(reason: &str) -> FinishReason {
    if reason == "length" { FinishReason::Length } else { FinishReason::Complete }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
