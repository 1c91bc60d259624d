//! `/v1`: the OpenAI-compatible endpoint for programs.

use crate::{
    body::Raw,
    guards::{Caller, Chat, ChatHeader},
    openai_error::OpenAiError,
    sse::KEEP_ALIVE_INTERVAL,
};
use bytes::Bytes;
use domain::ChatId;
use fleet::completions::{self, Answer, Bytes as AnswerBytes};
use futures_util::{Stream, StreamExt, stream};
use rocket::{
    Request, Response, Shutdown, get,
    http::{ContentType, Header, Status},
    post,
    response::{self, Responder, stream::ByteStream},
    serde::json::Json,
};
use serde_json::{Value, json};
use std::io::Cursor;

/// The caller's agents, as models.
#[utoipa::path(
    responses((status = 200, description = "Done", body = Object)),
    security(("token" = ["chat"]), ("session" = []))
)]
#[get("/models")]
pub async fn models(caller: Caller<Chat>) -> Result<Json<Value>, OpenAiError> {
    let agents = fleet::agents::list(&caller.cx).await?;
    let data: Vec<Value> = agents
        .iter()
        .map(|agent| {
            json!({ "id": agent.slug, "object": "model", "created": agent.created_at.timestamp(), "owned_by": "mosaic" })
        })
        .collect();
    Ok(Json(json!({ "object": "list", "data": data })))
}

/// A complete answer, or a stream of server-sent events in OpenAI's format.
pub enum Completion {
    /// The agent's response, unchanged.
    Whole(u16, Bytes),
    Stream(AnswerBytes, Shutdown),
}

impl<'r> Responder<'r, 'r> for Completion {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'r> {
        match self {
            Self::Whole(status, body) => Response::build()
                .status(Status::new(status))
                .header(ContentType::JSON)
                .sized_body(body.len(), Cursor::new(body))
                .ok(),
            Self::Stream(bytes, shutdown) => {
                let in_flight = telemetry::OPEN_STREAMS.track_in_flight(["completion"]);
                let bytes = with_keep_alive(bytes).take_until(shutdown).inspect(move |_| {
                    let _ = &in_flight;
                });
                let stream = ByteStream::from(Box::pin(bytes) as BoxBytes);
                Response::build_from(stream.respond_to(request)?)
                    .header(ContentType::EventStream)
                    .header(Header::new("Cache-Control", "no-cache, no-transform"))
                    .header(Header::new("X-Accel-Buffering", "no"))
                    .ok()
            }
        }
    }
}

type BoxBytes = std::pin::Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// Sends comments while the agent is silent, to keep the connection alive and to notice when the client has left.
fn with_keep_alive(bytes: AnswerBytes) -> impl Stream<Item = Bytes> + Send {
    stream::unfold((bytes, true), |(mut bytes, between)| async move {
        // Only between two events, because a comment would break an event.
        if !between {
            let next = bytes.next().await?;
            return Some((next.clone(), (bytes, next.ends_with(b"\n\n"))));
        }
        match tokio::time::timeout(KEEP_ALIVE_INTERVAL, bytes.next()).await {
            Ok(next) => next.map(|next| (next.clone(), (bytes, next.ends_with(b"\n\n")))),
            Err(_) => Some((Bytes::from_static(b": the agent is working\n\n"), (bytes, true))),
        }
    })
}

/// Requests an answer of an agent. `model` is its slug. `X-Mosaic-Chat` continues a chat.
#[utoipa::path(
    params(("X-Mosaic-Chat" = Option<String>, Header, description = "The chat to continue")),
    request_body(content = Object, description = "A chat completion request in OpenAI's format"),
    responses((status = 200, description = "OpenAI's answer, or its stream of chunks", content((Object = "application/json"), (Object = "text/event-stream")))),
    security(("token" = ["chat"]), ("session" = []))
)]
#[post("/chat/completions", data = "<body>")]
pub async fn complete(
    caller: Caller<Chat>,
    chat: ChatHeader,
    // OpenAI's clients send their whole history with each request.
    body: Raw<8>,
    shutdown: Shutdown,
) -> Result<Completion, OpenAiError> {
    let chat = chat.0.map(|text| parse_chat(&text)).transpose()?;
    let request = completions::Request::parse(&body.0).and_then(|request| match chat {
        Some(_) => request.for_chat(),
        None => Ok(request),
    });
    let request = request.map_err(unsupported)?;
    Ok(match completions::complete(&caller.cx, request, chat).await? {
        Answer::Whole { status, body } => Completion::Whole(status, body),
        Answer::Stream(bytes) => Completion::Stream(bytes, shutdown),
    })
}

fn parse_chat(text: &str) -> Result<ChatId, OpenAiError> {
    text.parse()
        .map_err(|_| OpenAiError::invalid("bad_chat", None, "X-Mosaic-Chat takes the id of a chat (cht_…)."))
}

fn unsupported(error: completions::RequestError) -> OpenAiError {
    OpenAiError::invalid(error.code, error.param.as_deref(), error.message)
}
