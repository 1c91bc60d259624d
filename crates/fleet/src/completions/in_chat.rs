//! A request that continues a chat: its newest message becomes a turn, whose events become chunks.

use super::{Answer, Request, named, stream_error};
use crate::{
    Cx, Error, Fault, Result,
    turns::{self, NewTurn, Numbered},
};
use domain::{ChatId, TurnId};
use futures_util::{StreamExt, stream};
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
    let head = Head::new(cx, turn, &agent.slug);
    let events = turns::follow(cx, turn, 0).await?;
    // A client that goes away cancels, as it does everywhere on this endpoint.
    let watch = StopOnDrop { cx: cx.clone(), turn, over: false };
    if request.stream {
        let chunks = stream::unfold((events, head, watch), |(mut events, head, mut watch)| async move {
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
            code: "answer_failed",
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
}

impl Head {
    fn new(cx: &Cx, turn: TurnId, model: &str) -> Self {
        let id = format!("chatcmpl-{}", turn.uuid().simple());
        Self { id, created: cx.services.clock.now().timestamp(), model: model.to_owned() }
    }

    fn chunk(&self, event: &Numbered) -> bytes::Bytes {
        let choice = |delta: Value, finish: Value| {
            self.frame(json!([{ "index": 0, "delta": delta, "finish_reason": finish }]), Value::Null)
        };
        match event.kind.as_str() {
            "delta" | "snapshot" => {
                choice(json!({ "role": "assistant", "content": event.data["text"] }), Value::Null)
            }
            "usage" => self.frame(json!([]), usage(&event.data)),
            "done" => {
                let mut end = choice(json!({}), json!("stop")).to_vec();
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
