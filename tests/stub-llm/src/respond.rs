//! The handler of all completion routes. A dialect makes the frames of a streamed answer; when they are sent is
//! decided here.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use serde_json::Value;

use crate::log::{Log, LogEntry, RequestState};
use crate::request::{CompletionRequest, Delivery};
use crate::script::{self, Answer, AnswerContent, Ending, ProviderFailure};

/// Long enough for a written frame to leave the process.
const FLUSH_DELAY: Duration = Duration::from_millis(20);

/// A provider's wire format.
pub trait Dialect: Send + 'static {
    /// The content type of a streamed answer.
    const STREAM_TYPE: &'static str;

    fn parse_request(uri: &Uri, headers: &HeaderMap, body: &Value) -> CompletionRequest;
    /// Status and body for a failure, in the provider's words.
    fn refusal(failure: ProviderFailure, request: &CompletionRequest) -> (u16, Value);
    /// A streamed answer.
    fn frames(request: &CompletionRequest, answer: &Answer) -> Frames;
    /// The answer as one object.
    fn whole(request: &CompletionRequest, answer: &Answer) -> Value;
}

/// A streamed answer.
#[derive(Debug, Default)]
pub struct Frames {
    /// Sent at once.
    pub opening: String,
    /// Sent with the answer's gaps between them.
    pub pieces: Vec<String>,
    /// Sent after the last piece, unless the answer is cut off.
    pub closing: String,
}

impl Frames {
    /// The pieces of an answer by `text`, or its tool call by `tool`.
    pub fn pieces(
        answer: &Answer,
        text: impl Fn(&str) -> String,
        tool: impl Fn(&script::ToolCall) -> String,
    ) -> Vec<String> {
        match &answer.content {
            AnswerContent::Text(pieces) => pieces.iter().map(|piece| text(piece)).collect(),
            AnswerContent::Tool(call) => vec![tool(call)],
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
pub async fn complete<D: Dialect>(
    State(log): State<Arc<Log>>,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let request = D::parse_request(&uri, &headers, &body);
    let mut entry = log.record(uri.path(), &request);
    let answer = match script::decide(&request) {
        Ok(answer) => answer,
        Err(failure) => {
            entry.set_end(RequestState::Failed);
            return refuse::<D>(failure, &request);
        }
    };
    if request.delivery == Delivery::Whole {
        let tokens = u32::try_from(answer.tokens()).unwrap_or(u32::MAX);
        tokio::time::sleep(answer.first_token_delay + answer.gap.saturating_mul(tokens)).await;
        entry.set_end(RequestState::Finished);
        return Json(D::whole(&request, &answer)).into_response();
    }
    let content_type = HeaderValue::from_static(D::STREAM_TYPE);
    let body = Body::from_stream(stream_frames(D::frames(&request, &answer), &answer, entry));
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

fn refuse<D: Dialect>(failure: ProviderFailure, request: &CompletionRequest) -> Response {
    let (status, body) = D::refusal(failure, request);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(body)).into_response();
    if failure == ProviderFailure::RateLimited {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

/// The frames, each after its delay. When the caller disconnects, the server drops the stream and with it the entry.
fn stream_frames(
    frames: Frames,
    answer: &Answer,
    mut entry: LogEntry,
) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let cut = answer.ending == Ending::Cut;
    let mut schedule = schedule(frames, answer).into_iter();
    stream::unfold(Some(()), move |open| {
        let next = schedule.next();
        // Together with the last frame, because a caller may disconnect as soon as it has read that.
        if schedule.as_slice().is_empty() {
            entry.set_end(if cut { RequestState::Failed } else { RequestState::Finished });
        }
        async move {
            open?;
            match next {
                Some((delay, text)) => {
                    tokio::time::sleep(delay).await;
                    Some((Ok(Bytes::from(text)), Some(())))
                }
                None if cut => {
                    // The error drops frames that were not sent yet.
                    tokio::time::sleep(FLUSH_DELAY).await;
                    Some((Err(io::Error::other("cut by script")), None))
                }
                None => None,
            }
        }
    })
}

/// The frames with the delay before each.
fn schedule(frames: Frames, answer: &Answer) -> Vec<(Duration, String)> {
    let mut schedule = vec![(Duration::ZERO, frames.opening)];
    let count = frames.pieces.len();
    let sent = match answer.ending {
        Ending::Complete => count,
        Ending::Cut => count.div_ceil(2),
    };
    for (index, piece) in frames.pieces.into_iter().take(sent).enumerate() {
        schedule.push((if index == 0 { answer.first_token_delay } else { answer.gap }, piece));
    }
    if answer.ending == Ending::Complete {
        schedule.push((Duration::ZERO, frames.closing));
    }
    schedule.retain(|(_, text)| !text.is_empty());
    schedule
}
