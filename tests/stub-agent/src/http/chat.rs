//! `POST /v1/chat/completions`: reads the request, starts the run and forwards its events. When the
//! caller disconnects, the run ends with the response, as in OpenClaw.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::chunks::{self, Chunks, IncludeUsage};
use super::refusal::Refusal;
use super::target::Target;
use super::{Operator, json_response};
use crate::gateway::{Gateway, Phase};
use crate::run::{self, RunEvent, Turn};

/// Small, so that a slow reader slows the run down.
const EVENT_BUFFER: usize = 16;

/// The handler.
pub async fn handle(
    _: Operator,
    State(gateway): State<Arc<Gateway>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    if *gateway.phase().borrow() != Phase::Ready {
        return Err(Refusal::Unavailable);
    }
    let config = gateway.config();
    if !config.chat {
        return Err(Refusal::Disabled);
    }
    let body: Value = serde_json::from_slice(&body).map_err(|error| Refusal::invalid(error.to_string()))?;
    let model = body["model"].as_str().unwrap_or("openclaw");
    let user = body["user"].as_str().filter(|user| !user.is_empty());
    let target = Target::resolve(&config, &headers, model, user)?;
    let text =
        newest_user_text(&body).ok_or_else(|| Refusal::invalid("Missing user message in `messages`."))?;
    let chunks = Chunks {
        id: format!("chatcmpl_{}", uuid::Uuid::now_v7()),
        model: model.to_owned(),
        created: Utc::now().timestamp(),
        usage: match body["stream_options"]["include_usage"].as_bool() {
            Some(true) => IncludeUsage::Yes,
            _ => IncludeUsage::No,
        },
    };
    let turn = Turn {
        session: gateway.sessions().get(&target.session),
        agent: target.agent,
        run_id: chunks.id.clone(),
        text,
        client_tools: client_tools(&body),
        config,
        gateway,
    };
    match body["stream"].as_bool() {
        Some(true) => Ok(streamed(turn, chunks)),
        _ => Ok(whole(turn, chunks).await),
    }
}

fn streamed(turn: Turn, chunks: Chunks) -> Response {
    let (events, mut incoming) = mpsc::channel(EVENT_BUFFER);
    let run = AbortOnDrop(tokio::spawn(run::run(turn, events)).abort_handle());
    let first = chunks.role();
    let rest = stream::poll_fn(move |cx| incoming.poll_recv(cx)).map(move |event| {
        // Captured, so that the run ends when the body is dropped.
        let _ = &run;
        chunks.event(event)
    });
    let body = stream::once(async { first }).chain(rest);
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONNECTION, "keep-alive"),
    ];
    let body = Body::from_stream(body.map(Ok::<_, Infallible>));
    (headers, body).into_response()
}

async fn whole(turn: Turn, chunks: Chunks) -> Response {
    let (events, mut incoming) = mpsc::channel(EVENT_BUFFER);
    let collect = async {
        let (mut text, mut calls) = (String::new(), Vec::new());
        loop {
            match incoming.recv().await {
                Some(RunEvent::Text(piece)) => text.push_str(&piece),
                Some(RunEvent::Calls(more)) => calls.extend(more),
                Some(RunEvent::Done(done)) => break json_response(200, chunks.whole(&text, &calls, &done)),
                Some(RunEvent::Failed(failure)) => {
                    break json_response(failure.status, chunks::error(&failure));
                }
                None => break json_response(500, Value::Null),
            }
        }
    };
    tokio::join!(run::run(turn, events), collect).1
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The text of the last user message. Images are ignored.
fn newest_user_text(body: &Value) -> Option<String> {
    let messages = body["messages"].as_array()?;
    let newest = messages.iter().rev().find(|message| message["role"] == "user")?;
    let text = match &newest["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<_> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    };
    (!text.trim().is_empty()).then_some(text)
}

fn client_tools(body: &Value) -> Vec<Value> {
    body["tools"].as_array().cloned().unwrap_or_default()
}
