//! A client's own chat completion request, passed to one agent byte by byte.
//!
//! Owns what a client may not decide: the agent, the session and the model behind it.

use super::{Gateway, HEAD_TIMEOUT, accepted, chunks, send};
use crate::{
    RUN_TIMEOUT,
    errors::{Cause, UpstreamError},
    session_key::SessionKey,
};
use bytes::Bytes;
use domain::Slug;
use futures_util::stream::{self, BoxStream, StreamExt};
use reqwest::{Response, header::CONTENT_TYPE};
use serde_json::{Map, Value};
use std::time::Duration;

/// As long as a chat may be silent.
const IDLE: Duration = Duration::from_secs(RUN_TIMEOUT.as_secs() + 60);

/// The gateway's successful answer.
pub struct PassThrough {
    /// `text/event-stream` or `application/json`, as the client asked.
    pub content_type: String,
    /// The body as it comes. Dropping it aborts the run. Errors in the middle of a stream are events in
    /// it, in OpenAI's shape.
    pub body: BoxStream<'static, Result<Bytes, UpstreamError>>,
}

impl Gateway {
    /// Passes `body` (OpenAI's chat completion request) to `agent`. Without a session OpenClaw makes a
    /// fresh one. `model` and `user` are Mosaic's to set: the one chooses the agent, the other would
    /// choose a session.
    ///
    /// # Errors
    /// Every answer but success; [`UpstreamError::said`] has the gateway's sentence about a refused
    /// request.
    pub async fn pass_through(
        &self,
        agent: &Slug,
        session: Option<SessionKey>,
        mut body: Map<String, Value>,
    ) -> Result<PassThrough, UpstreamError> {
        body.remove("user");
        body.insert("model".into(), format!("openclaw/{agent}").into());
        // Without streaming the head comes only after the whole run.
        let streams = body.get("stream").and_then(Value::as_bool).unwrap_or_default();
        let request = self.completion(agent, session).json(&body);
        let response = accepted(send(if streams { HEAD_TIMEOUT } else { IDLE }, request).await?).await?;
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or("application/json").to_owned();
        Ok(PassThrough { content_type, body: bytes(response) })
    }
}

fn bytes(response: Response) -> BoxStream<'static, Result<Bytes, UpstreamError>> {
    stream::unfold(Some(chunks(response)), |chunks| async {
        let mut chunks = chunks?;
        match tokio::time::timeout(IDLE, chunks.next()).await {
            Ok(Some(Ok(bytes))) => Some((Ok(bytes), Some(chunks))),
            Ok(None) => None,
            Ok(Some(Err(error))) => Some((Err(UpstreamError::of_transport(&error)), None)),
            Err(_) => Some((Err(Cause::ConnectionLost.into()), None)),
        }
    })
    .boxed()
}
