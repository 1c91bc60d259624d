//! The client of one container's OpenClaw gateway.
//!
//! Owns the connection: address, token, time limits, refusals. It must not retry (a message is never
//! sent twice by accident), follow redirects, or send any header that speaks of a proxy: OpenClaw refuses
//! those.

mod chat;
mod decode;
mod frames;
mod pass_through;
mod readiness;
mod sessions;
mod warm_up;

pub use chat::{ChatRequest, ChatStream, Said, Speaker};
pub use decode::{ChatEvent, Finish, Usage};
pub(crate) use frames::frames;
pub use pass_through::PassThrough;
pub use readiness::Readiness;
pub use sessions::{Begun, Session};

use crate::{
    errors::{self, Cause, UpstreamError},
    session_key::SessionKey,
};
use bytes::Bytes;
use domain::Slug;
use futures_util::stream::{BoxStream, StreamExt};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header::RETRY_AFTER, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{net::SocketAddr, time::Duration};

/// How long the gateway may take for the head of its answer. It sends it at once, even under load.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// The most that is read of an error's body.
const LARGEST_ERROR: usize = 64 << 10;

/// A client as gateways need it: no redirects, no proxy, and no connection kept. OpenClaw closes idle
/// ones after five seconds; a request on a dying one could not be told from one that was taken.
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

    fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.base)).bearer_auth(self.token.expose_secret())
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.base)).bearer_auth(self.token.expose_secret())
    }

    /// A chat completion request that cannot reach another agent or session than the one named. The
    /// agent's header wins over `model`, where the slug `default` would mean something else.
    fn completion(&self, agent: &Slug, session: Option<SessionKey>) -> RequestBuilder {
        let request = self.post("/v1/chat/completions").header("x-openclaw-agent-id", agent.as_str());
        match session {
            Some(session) => request.header("x-openclaw-session-key", session.of(agent)),
            None => request,
        }
    }
}

/// Sends `request`; anything but success is an error.
async fn open(request: RequestBuilder) -> Result<Response, UpstreamError> {
    accepted(send(HEAD_TIMEOUT, request).await?).await
}

/// The same, where 404 says that there is nothing yet.
pub(crate) async fn open_if_there(request: RequestBuilder) -> Result<Option<Response>, UpstreamError> {
    let response = send(HEAD_TIMEOUT, request).await?;
    if response.status() == StatusCode::NOT_FOUND { Ok(None) } else { accepted(response).await.map(Some) }
}

async fn send(limit: Duration, request: RequestBuilder) -> Result<Response, UpstreamError> {
    tokio::time::timeout(limit, request.send())
        .await
        .map_err(|_| Cause::ConnectionLost)?
        .map_err(|error| UpstreamError::of_transport(&error))
}

/// A body in the pieces it comes in.
type Chunks = BoxStream<'static, reqwest::Result<Bytes>>;

/// Only the body: the head's values share the connection's first buffer, 8 KiB that every open stream would
/// keep.
fn chunks(response: Response) -> Chunks {
    response.bytes_stream().boxed()
}

async fn accepted(response: Response) -> Result<Response, UpstreamError> {
    if response.status().is_success() { Ok(response) } else { Err(refusal(response).await) }
}

#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error: RefusalBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RefusalBody {
    #[serde(rename = "type")]
    kind: String,
    message: String,
}

async fn refusal(response: Response) -> UpstreamError {
    let status = response.status().as_u16();
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = read(response, LARGEST_ERROR).await.unwrap_or_default();
    let Refusal { error } = serde_json::from_slice(&body).unwrap_or_default();
    errors::of_answer(status, after, &error.kind, &error.message)
}

/// The whole body, at most `limit` bytes, within [`HEAD_TIMEOUT`].
pub(crate) async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, UpstreamError> {
    let whole = async {
        let mut body = Vec::new();
        while let Some(bytes) = response.chunk().await.map_err(|error| UpstreamError::of_transport(&error))? {
            if body.len() + bytes.len() > limit {
                return Err(Cause::BadAnswer.into());
            }
            body.extend_from_slice(&bytes);
        }
        Ok(body)
    };
    tokio::time::timeout(HEAD_TIMEOUT, whole).await.map_err(|_| Cause::ConnectionLost)?
}
