//! A request that continues a chat. Its newest message becomes a turn, and the events of the turn become chunks.

use super::{Answer, Request, find_agent, request::UsageChunk, stream_error};
use crate::{
    Cx, Error, Fault, Result, tasks,
    turns::{self, NewTurn, SequencedEvent},
};
use domain::{ChatId, TurnId};
use futures_util::{StreamExt, stream};
use openclaw::Cause;
use serde::Deserialize;
use serde_json::{Value, json};

/// Asks the agent in the chat.
pub(super) async fn complete(cx: &Cx, request: Request, chat: ChatId) -> Result<Answer> {
    let Some(message) = request.newest_text() else {
        return Err(Error::Upstream {
            code: "no_user_message",
            detail: "The last message must be the user's text when a chat is continued.".into(),
            fault: Fault::Request,
        });
    };
    let mut tx = cx.begin().await?;
    let agent = find_agent(&mut tx, &request.model).await?;
    drop(tx);
    let new = NewTurn { text: message, agent: Some(agent.id), replaces: None, idempotency_key: None };
    let turn = turns::create(cx, chat, new).await?;
    let encoder = ChunkEncoder::new(cx, turn, &agent.slug, request.usage_chunk());
    let events = turns::follow(cx, turn, 0).await?;
    // A client that disconnects cancels the answer, as everywhere on this endpoint.
    let guard = StopOnDrop { cx: cx.clone(), turn, ended: false };
    if request.stream {
        let chunks =
            stream::unfold((events, encoder, guard), |(mut events, mut encoder, mut guard)| async move {
                if guard.ended {
                    return None;
                }
                let chunk = match events.next().await {
                    Some(Ok(event)) => {
                        guard.ended = event.is_terminal();
                        encoder.encode(&event)
                    }
                    Some(Err(error)) => {
                        guard.ended = true;
                        stream_error(error.code(), &error.to_string())
                    }
                    None => {
                        guard.ended = true;
                        stream_error(
                            "interrupted",
                            "The stream ended before the answer was complete. The chat has the rest.",
                        )
                    }
                };
                Some((chunk, (events, encoder, guard)))
            });
        // Some events have no chunk.
        return Ok(Answer::Stream(chunks.filter(|chunk| std::future::ready(!chunk.is_empty())).boxed()));
    }
    let mut guard = guard;
    let mut events = events;
    while let Some(event) = events.next().await {
        if event?.is_terminal() {
            break;
        }
    }
    guard.ended = true;
    let turn = turns::get(cx, turn).await?;
    if let Some(error) = &turn.error {
        return Err(Error::Upstream {
            code: code(error),
            detail: format!("{} {}", text(error, "title"), text(error, "detail")),
            fault: Fault::Upstream,
        });
    }
    let usage = turn.usage.as_ref().map(usage);
    let body = json!({
        "id": encoder.id, "object": "chat.completion", "created": encoder.created, "model": encoder.model,
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": turn.answer }, "finish_reason": "stop" }],
        "usage": usage,
    });
    Ok(Answer::Whole { status: 200, body: body.to_string().into() })
}

fn code(error: &Value) -> &'static str {
    Cause::deserialize(&error["code"]).map_or("answer_failed", Cause::code)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn usage(usage: &Value) -> Value {
    let (input, output) = (
        usage["inputTokens"].as_u64().unwrap_or_default(),
        usage["outputTokens"].as_u64().unwrap_or_default(),
    );
    json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output })
}

/// Encodes the events of a turn as chunks in OpenAI's format.
struct ChunkEncoder {
    id: String,
    created: i64,
    model: String,
    usage_chunk: UsageChunk,
    usage: Option<Value>,
    /// The text that was sent so far.
    sent: String,
}

impl ChunkEncoder {
    fn new(cx: &Cx, turn: TurnId, model: &str, usage_chunk: UsageChunk) -> Self {
        let id = format!("chatcmpl-{}", turn.uuid().simple());
        let created = cx.services.clock.now().timestamp();
        Self { id, created, model: model.to_owned(), usage_chunk, usage: None, sent: String::new() }
    }

    fn encode(&mut self, event: &SequencedEvent) -> bytes::Bytes {
        if event.kind == "usage" {
            // Sent after the end of the answer, as OpenAI does, and only if the client asked for it.
            self.usage = (self.usage_chunk == UsageChunk::Requested).then(|| usage(&event.data));
            return bytes::Bytes::new();
        }
        match event.kind.as_str() {
            "delta" => {
                let delta = text(&event.data, "text");
                self.sent.push_str(delta);
                self.delta(delta)
            }
            // In this format text that was sent cannot be taken back. Only the rest can be added.
            "snapshot" => match text(&event.data, "text").strip_prefix(&*self.sent) {
                Some(rest) => {
                    let chunk = self.delta(rest);
                    self.sent.push_str(rest);
                    chunk
                }
                None => stream_error(
                    "answer_retracted",
                    "The agent started the answer again. The chat has the whole answer.",
                ),
            },
            "done" => {
                let mut end = self.choice(json!({}), json!("stop")).to_vec();
                if let Some(usage) = self.usage.take() {
                    end.extend_from_slice(&self.frame(json!([]), usage));
                }
                end.extend_from_slice(b"data: [DONE]\n\n");
                end.into()
            }
            "error" => {
                let message = format!("{} {}", text(&event.data, "title"), text(&event.data, "detail"));
                stream_error(text(&event.data, "code"), &message)
            }
            "stage" => bytes::Bytes::from(format!(": {}\n\n", text(&event.data, "name"))),
            _ => bytes::Bytes::new(),
        }
    }

    fn delta(&self, text: &str) -> bytes::Bytes {
        self.choice(json!({ "role": "assistant", "content": text }), Value::Null)
    }

    fn choice(&self, delta: Value, finish: Value) -> bytes::Bytes {
        self.frame(json!([{ "index": 0, "delta": delta, "finish_reason": finish }]), Value::Null)
    }

    fn frame(&self, choices: Value, usage: Value) -> bytes::Bytes {
        let chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model,
            "choices": choices, "usage": usage,
        });
        format!("data: {chunk}\n\n").into()
    }
}

/// Stops the turn if the client disconnects before its end.
struct StopOnDrop {
    cx: Cx,
    turn: TurnId,
    ended: bool,
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let (cx, turn) = (self.cx.clone(), self.turn);
        tasks::spawn(async move {
            if let Err(error) = turns::stop(&cx, turn).await {
                tracing::warn!(%error, %turn, "a turn whose client disconnected could not be stopped");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(events: &[(&str, Value)], usage_chunk: UsageChunk) -> String {
        let (id, model) = (String::from("x"), String::from("ada"));
        let mut encoder =
            ChunkEncoder { id, created: 0, model, usage_chunk, usage: None, sent: String::new() };
        let chunk = |(kind, data): &(&str, Value)| {
            let event = SequencedEvent { seq: None, kind: (*kind).to_owned(), data: data.clone() };
            String::from_utf8_lossy(&encoder.encode(&event)).into_owned()
        };
        events.iter().map(chunk).collect()
    }

    #[test]
    fn a_snapshot_adds_only_what_was_not_sent_yet() {
        let grown = encoded(
            &[("delta", json!({ "text": "one " })), ("snapshot", json!({ "text": "one two" }))],
            UsageChunk::Omitted,
        );
        assert!(grown.contains(r#""content":"two""#) && !grown.contains("one two"), "{grown}");
        let other = encoded(
            &[("delta", json!({ "text": "one " })), ("snapshot", json!({ "text": "another" }))],
            UsageChunk::Omitted,
        );
        assert!(other.contains("answer_retracted") && !other.contains("another"), "{other}");
    }

    #[test]
    fn usage_comes_last_and_only_if_requested() {
        let events = [
            ("usage", json!({ "inputTokens": 2, "outputTokens": 3 })),
            ("done", json!({ "status": "done" })),
        ];
        let counted = encoded(&events, UsageChunk::Requested);
        assert!(counted.find("\"stop\"") < counted.find(r#""total_tokens":5"#), "{counted}");
        assert!(!encoded(&events, UsageChunk::Omitted).contains("total_tokens"));
    }
}
