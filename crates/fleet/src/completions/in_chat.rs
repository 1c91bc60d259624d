//! A request that continues a chat: its newest message becomes a turn, whose events become chunks.

use super::{Answer, Request, named, request::Counts, stream_error};
use crate::{
    Cx, Error, Fault, Result,
    turns::{self, NewTurn, Numbered},
};
use domain::{ChatId, TurnId};
use futures_util::{StreamExt, stream};
use openclaw::Cause;
use serde::Deserialize;
use serde_json::{Value, json};

/// Asks in the chat.
pub(super) async fn complete(cx: &Cx, request: Request, chat: ChatId) -> Result<Answer> {
    let Some(message) = request.newest_text() else {
        return Err(Error::Upstream {
            code: "no_user_message",
            detail: "The last message must be the user's text when a chat is continued.".into(),
            fault: Fault::Request,
        });
    };
    let mut tx = cx.begin().await?;
    let agent = named(&mut tx, &request.model).await?;
    drop(tx);
    let new = NewTurn { text: message, agent: Some(agent.id), replaces: None, idempotency_key: None };
    let turn = turns::create(cx, chat, new).await?;
    let head = Head::new(cx, turn, &agent.slug, request.counts());
    let events = turns::follow(cx, turn, 0).await?;
    // A client that goes away cancels, as it does everywhere on this endpoint.
    let watch = StopOnDrop { cx: cx.clone(), turn, over: false };
    if request.stream {
        let chunks = stream::unfold((events, head, watch), |(mut events, mut head, mut watch)| async move {
            if watch.over {
                return None;
            }
            let chunk = match events.next().await {
                Some(Ok(event)) => {
                    watch.over = event.is_terminal();
                    head.chunk(&event)
                }
                Some(Err(error)) => {
                    watch.over = true;
                    stream_error(error.code(), &error.to_string())
                }
                None => {
                    watch.over = true;
                    stream_error(
                        "interrupted",
                        "The stream ended before the answer did. The chat has the rest.",
                    )
                }
            };
            Some((chunk, (events, head, watch)))
        });
        // Events without an own chunk (stages) are sent as comments by their empty frames.
        return Ok(Answer::Stream(chunks.filter(|chunk| std::future::ready(!chunk.is_empty())).boxed()));
    }
    let mut watch = watch;
    let mut events = events;
    while let Some(event) = events.next().await {
        if event?.is_terminal() {
            break;
        }
    }
    watch.over = true;
    let turn = turns::get(cx, turn).await?;
    if let Some(error) = &turn.error {
        return Err(Error::Upstream {
            code: cause(error),
            detail: format!("{} {}", text(error, "title"), text(error, "detail")),
            fault: Fault::Upstream,
        });
    }
    let usage = turn.usage.as_ref().map(usage);
    let body = json!({
        "id": head.id, "object": "chat.completion", "created": head.created, "model": head.model,
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": turn.answer }, "finish_reason": "stop" }],
        "usage": usage,
    });
    Ok(Answer::Whole { status: 200, body: body.to_string().into() })
}

fn cause(error: &Value) -> &'static str {
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

/// What every chunk bears.
struct Head {
    id: String,
    created: i64,
    model: String,
    counts: Counts,
    usage: Option<Value>,
    told: String,
}

impl Head {
    fn new(cx: &Cx, turn: TurnId, model: &str, counts: Counts) -> Self {
        let id = format!("chatcmpl-{}", turn.uuid().simple());
        let created = cx.services.clock.now().timestamp();
        Self { id, created, model: model.to_owned(), counts, usage: None, told: String::new() }
    }

    fn chunk(&mut self, event: &Numbered) -> bytes::Bytes {
        if event.kind == "usage" {
            // Told behind the end of the answer, as OpenAI does, and only to those who asked for it.
            self.usage = (self.counts == Counts::Wanted).then(|| usage(&event.data));
            return bytes::Bytes::new();
        }
        match event.kind.as_str() {
            "delta" => {
                let more = text(&event.data, "text");
                self.told.push_str(more);
                self.more(more)
            }
            // What was told cannot be taken back in this format: only the rest can be added.
            "snapshot" => match text(&event.data, "text").strip_prefix(&*self.told) {
                Some(rest) => {
                    let more = self.more(rest);
                    self.told.push_str(rest);
                    more
                }
                None => {
                    stream_error("answer_retracted", "The agent began anew. The chat has the whole answer.")
                }
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

    fn more(&self, text: &str) -> bytes::Bytes {
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

/// Stops the turn when the client leaves before its end.
struct StopOnDrop {
    cx: Cx,
    turn: TurnId,
    over: bool,
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let (cx, turn) = (self.cx.clone(), self.turn);
        turns::spawn(async move {
            if let Err(error) = turns::stop(&cx, turn).await {
                tracing::warn!(%error, %turn, "a turn whose client left could not be stopped");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(events: &[(&str, Value)], counts: Counts) -> String {
        let (id, model) = (String::from("x"), String::from("ada"));
        let mut head = Head { id, created: 0, model, counts, usage: None, told: String::new() };
        let chunk = |(kind, data): &(&str, Value)| {
            let event = Numbered { seq: None, kind: (*kind).to_owned(), data: data.clone() };
            String::from_utf8_lossy(&head.chunk(&event)).into_owned()
        };
        events.iter().map(chunk).collect()
    }

    #[test]
    fn a_snapshot_adds_only_what_was_not_told_yet() {
        let grown = said(
            &[("delta", json!({ "text": "one " })), ("snapshot", json!({ "text": "one two" }))],
            Counts::Unwanted,
        );
        assert!(grown.contains(r#""content":"two""#) && !grown.contains("one two"), "{grown}");
        let other = said(
            &[("delta", json!({ "text": "one " })), ("snapshot", json!({ "text": "another" }))],
            Counts::Unwanted,
        );
        assert!(other.contains("answer_retracted") && !other.contains("another"), "{other}");
    }

    #[test]
    fn counts_come_last_and_only_when_asked_for() {
        let events = [
            ("usage", json!({ "inputTokens": 2, "outputTokens": 3 })),
            ("done", json!({ "status": "done" })),
        ];
        let counted = said(&events, Counts::Wanted);
        assert!(counted.find("\"stop\"") < counted.find(r#""total_tokens":5"#), "{counted}");
        assert!(!said(&events, Counts::Unwanted).contains("total_tokens"));
    }
}
