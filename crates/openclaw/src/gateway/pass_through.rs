//! A client's own chat completion request, passed to one agent byte by byte.
//!
//! Owns what a client may not decide: the agent, the session and the model behind it.

use super::{ANSWER_IDLE_TIMEOUT, Gateway, HEAD_TIMEOUT, body::stream_body, send_within};
use crate::{errors::UpstreamError, session_key::SessionKey};
use bytes::Bytes;
use domain::Slug;
use futures_util::stream::BoxStream;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Map, Value};

/// The gateway's successful response.
pub struct PassThrough {
    /// `text/event-stream` or `application/json`, as the client asked.
    pub content_type: String,
    /// The body as it arrives. Dropping it aborts the run. An error in the middle of a stream is an event in it, in
    /// OpenAI's form.
    pub body: BoxStream<'static, Result<Bytes, UpstreamError>>,
}

impl Gateway {
    /// Passes `body` (OpenAI's chat completion request) to `agent`. Without a session OpenClaw creates a new one.
    /// `model` and `user` are set by Mosaic, because they choose the agent and the session.
    ///
    /// # Errors
    /// Every response but success; [`UpstreamError::rejection_message`] has the gateway's sentence about a rejected
    /// request.
    pub async fn pass_through(
        &self,
        agent: &Slug,
        session: Option<SessionKey>,
        mut body: Map<String, Value>,
    ) -> Result<PassThrough, UpstreamError> {
        body.remove("user");
        body.insert("model".into(), format!("openclaw/{agent}").into());
        // Without streaming the head is sent only after the whole run.
        let is_streamed = body.get("stream").and_then(Value::as_bool).unwrap_or_default();
        let head_timeout = if is_streamed { HEAD_TIMEOUT } else { ANSWER_IDLE_TIMEOUT };
        let response = send_within(head_timeout, self.completion_request(agent, session).json(&body)).await?;
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or("application/json").to_owned();
        Ok(PassThrough { content_type, body: stream_body(response, ANSWER_IDLE_TIMEOUT) })
    }
}
