//! Plays an answer in a dialect: the one handler behind every completion route. A streamed answer
//! is written out as frames first, so that a dialect is only "what to write", never "when".

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use serde_json::Value;

use crate::ask::{Ask, Delivery};
use crate::log::{Entry, Log, State};
use crate::script::{self, Answer, Ending, Failure, Speech};

/// Long enough for a written frame to leave the process.
const FLUSHED: Duration = Duration::from_millis(20);

/// A provider's wire format.
pub trait Dialect: Send + 'static {
    /// The content type of a streamed answer.
    const STREAM_TYPE: &'static str;

    /// Reads a request.
    fn ask(uri: &Uri, headers: &HeaderMap, body: &Value) -> Ask;
    /// The provider's own words for a failure.
    fn refusal(failure: Failure, ask: &Ask) -> (u16, Value);
    /// The frames before, of and behind the answer.
    fn frames(ask: &Ask, answer: &Answer) -> Frames;
    /// The answer as one object.
    fn whole(ask: &Ask, answer: &Answer) -> Value;
}

/// A streamed answer: what to write before the first piece, the pieces, and behind the last.
#[derive(Debug, Default)]
pub struct Frames {
    /// Written at once.
    pub opening: String,
    /// Written with the answer's gaps between them.
    pub pieces: Vec<String>,
    /// Written behind the last piece, unless the answer is cut.
    pub closing: String,
}

impl Frames {
    /// The pieces of an answer, each through `text`, or the tool call through `tool`.
    pub fn pieces(
        answer: &Answer,
        text: impl Fn(&str) -> String,
        tool: impl Fn(&script::ToolCall) -> String,
    ) -> Vec<String> {
        match &answer.speech {
            Speech::Text(pieces) => pieces.iter().map(|piece| text(piece)).collect(),
            Speech::Tool(call) => vec![tool(call)],
        }
    }
}

/// One server-sent event without a name.
pub fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// One server-sent event whose name is also its `type`.
pub fn event(value: &Value) -> String {
    let name = value["type"].as_str().unwrap_or_default();
    format!("event: {name}\ndata: {value}\n\n")
}

/// Answers a completion request in the dialect `D`.
pub async fn talk<D: Dialect>(
    Shared(log): Shared<Arc<Log>>,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let ask = D::ask(&uri, &headers, &body);
    let mut entry = log.arrived(uri.path(), &ask);
    let answer = match script::decide(&ask) {
        Ok(answer) => answer,
        Err(failure) => {
            entry.ends(State::Failed);
            return refuse::<D>(failure, &ask);
        }
    };
    if ask.delivery == Delivery::Whole {
        let tokens = u32::try_from(answer.tokens()).unwrap_or(u32::MAX);
        tokio::time::sleep(answer.first + answer.gap.saturating_mul(tokens)).await;
        entry.ends(State::Finished);
        return Json(D::whole(&ask, &answer)).into_response();
    }
    let kind = HeaderValue::from_static(D::STREAM_TYPE);
    let body = Body::from_stream(play(D::frames(&ask, &answer), &answer, entry));
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

fn refuse<D: Dialect>(failure: Failure, ask: &Ask) -> Response {
    let (status, body) = D::refusal(failure, ask);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(body)).into_response();
    if failure == Failure::RateLimited {
        let soon = HeaderValue::from_static("2");
        response.headers_mut().insert(header::RETRY_AFTER, soon);
    }
    response
}

/// Frames in their time. Dropped by the server when the caller goes away, and the entry with it.
fn play(frames: Frames, answer: &Answer, mut entry: Entry) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let cut = answer.ending == Ending::Cut;
    let mut score = score(frames, answer).into_iter();
    stream::unfold(Some(()), move |open| {
        let next = score.next();
        // With the last frame, not behind it: a caller may leave as soon as he has read that.
        if score.as_slice().is_empty() {
            entry.ends(if cut { State::Failed } else { State::Finished });
        }
        async move {
            open?;
            match next {
                Some((wait, text)) => {
                    tokio::time::sleep(wait).await;
                    Some((Ok(Bytes::from(text)), Some(())))
                }
                None if cut => {
                    // The frame before must be on the wire: the error drops what is not.
                    tokio::time::sleep(FLUSHED).await;
                    Some((Err(io::Error::other("cut by script")), None))
                }
                None => None,
            }
        }
    })
}

fn score(frames: Frames, answer: &Answer) -> Vec<(Duration, String)> {
    let mut score = vec![(Duration::ZERO, frames.opening)];
    let count = frames.pieces.len();
    let kept = match answer.ending {
        Ending::Proper => count,
        Ending::Cut => count.div_ceil(2),
    };
    for (at, piece) in frames.pieces.into_iter().take(kept).enumerate() {
        score.push((if at == 0 { answer.first } else { answer.gap }, piece));
    }
    if answer.ending == Ending::Proper {
        score.push((Duration::ZERO, frames.closing));
    }
    score.retain(|(_, text)| !text.is_empty());
    score
}
