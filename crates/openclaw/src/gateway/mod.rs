//! The client of one container's OpenClaw gateway.
//!
//! Owns the connection: address, token, time limits, refusals. It must not retry (a message is never
//! sent twice by accident), follow redirects, or send any header that speaks of a proxy: OpenClaw refuses
//! those.

mod body;
mod chat;
mod decode;
mod pass_through;
mod readiness;
mod warm_up;

pub(crate) use body::{read_body, stream_events};
pub use chat::{ChatRequest, ChatRole, ChatStream, EarlierMessage};
pub use decode::{ChatEvent, FinishReason, TokenUsage};
pub use pass_through::PassThrough;
pub use readiness::Readiness;

use crate::{
    RUN_TIMEOUT,
    errors::{self, Cause, UpstreamError},
    session_key::SessionKey,
};
use domain::Slug;
use reqwest::{Client, RequestBuilder, Response, StatusCode, header::RETRY_AFTER, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{net::SocketAddr, time::Duration};

/// How long the gateway may take for the head of its response. It sends it at once, even under load.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an answer may be silent: while OpenClaw waits, retries and runs tools. It ends a run itself after
/// [`RUN_TIMEOUT`].
const ANSWER_IDLE_TIMEOUT: Duration = Duration::from_secs(RUN_TIMEOUT.as_secs() + 60);
const MAX_ERROR_BYTES: usize = 64 << 10;

/// A client as gateways need it: no redirects, no proxy, and no connection is kept. OpenClaw closes idle connections
/// after five seconds, and a request that fails on a closing one may have been accepted or not.
///
/// # Errors
/// When the TLS backend cannot be set up.
pub fn http_client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .http1_only()
        .pool_max_idle_per_host(0)
        .connect_timeout(Duration::from_secs(5))
        .tcp_keepalive(Duration::from_secs(30))
        .tcp_nodelay(true)
        .build()
}

/// One container's gateway. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    base: String,
    token: SecretString,
    http: Client,
}

impl Gateway {
    /// The gateway published at `address`, spoken to with the container's own token over `http` (see
    /// [`http_client`]).
    pub fn new(address: SocketAddr, token: SecretString, http: Client) -> Self {
        Self { base: format!("http://{address}"), token, http }
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.base)).bearer_auth(self.token.expose_secret())
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.base)).bearer_auth(self.token.expose_secret())
    }

    /// A chat completion request that cannot reach another agent or session than the given ones. The agent's header
    /// wins over `model`, where the slug `default` would mean something else.
    fn completion_request(&self, agent: &Slug, session: Option<SessionKey>) -> RequestBuilder {
        let request = self.post("/v1/chat/completions").header("x-openclaw-agent-id", agent.as_str());
        match session {
            Some(session) => request.header("x-openclaw-session-key", session.for_agent(agent)),
            None => request,
        }
    }
}

/// Sends `request`; any response but success is an error.
async fn send(request: RequestBuilder) -> Result<Response, UpstreamError> {
    send_within(HEAD_TIMEOUT, request).await
}

/// As [`send`], with a time limit for the head of the response.
async fn send_within(head_timeout: Duration, request: RequestBuilder) -> Result<Response, UpstreamError> {
    require_success(await_head(head_timeout, request).await?).await
}

/// As [`send`], but `None` for status 404.
pub(crate) async fn send_optional(request: RequestBuilder) -> Result<Option<Response>, UpstreamError> {
    let response = await_head(HEAD_TIMEOUT, request).await?;
    if response.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    require_success(response).await.map(Some)
}

async fn await_head(timeout: Duration, request: RequestBuilder) -> Result<Response, UpstreamError> {
    tokio::time::timeout(timeout, request.send())
        .await
        .map_err(|_| Cause::ConnectionLost)?
        .map_err(|error| UpstreamError::from_transport(&error))
}

async fn require_success(response: Response) -> Result<Response, UpstreamError> {
    if response.status().is_success() { Ok(response) } else { Err(read_error(response).await) }
}

#[derive(Default, Deserialize)]
struct ErrorResponse {
    #[serde(default)]
    error: ErrorBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    #[serde(rename = "type")]
    kind: String,
    message: String,
}

async fn read_error(response: Response) -> UpstreamError {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = read_body(response, MAX_ERROR_BYTES).await.unwrap_or_default();
    let ErrorResponse { error } = serde_json::from_slice(&body).unwrap_or_default();
    errors::classify_response(status, retry_after, &error.kind, &error.message)
}
