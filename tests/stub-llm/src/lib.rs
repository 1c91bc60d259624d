//! A stand-in for the LLM providers: it has their wire formats, answers at once and accepts almost any key.
//!
//! It owns the dialects (OpenAI chat and responses, Anthropic, Google, Ollama), the scripted
//! failures and a log of the requests, with which a test proves "never sent twice" or "the
//! provider's request was cancelled". It must not know Mosaic.
//!
//! * By key (prefix): `sk-bad` 401, `sk-ratelimit` 429 with `Retry-After`, `sk-quota`, `sk-500`,
//!   `sk-slow`. Every other key is accepted. A missing key is refused (not by Ollama).
//! * By model: `no-such-model` is not found.
//! * By text: `[[llm:tokens=N,gap=MS]]`, `[[llm:tool=<name>,args=<json>]]`, `[[llm:error=500]]`,
//!   `[[llm:cut]]` (the connection breaks off in the middle).
//! * `GET /_stub/requests` lists the requests, `POST /_stub/reset` clears the list.
#![allow(
    clippy::disallowed_methods,
    reason = "a stand-in runs outside Mosaic: it has its own tasks and its own clock"
)]

mod control;
mod dialects;
mod log;
mod request;
mod respond;
mod script;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use dialects::{anthropic::Anthropic, google::Google, ollama::Ollama};
use dialects::{openai_chat::OpenAiChat, openai_responses::OpenAiResponses};
pub use log::{ReceivedRequest, RequestState};

/// A long conversation with the schemas of its tools is much larger than axum's default of 2 MB.
const MAX_BODY_BYTES: usize = 32 << 20;

/// A running stand-in; dropping it stops it.
#[derive(Debug)]
pub struct Handle {
    addr: SocketAddr,
    log: Arc<log::Log>,
    task: JoinHandle<()>,
}

impl Handle {
    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The root, without a trailing slash: append `/v1` for OpenAI's dialects.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Every completion request since the start or the last [`Handle::reset`], oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.log.all()
    }

    /// Clears the list of requests.
    pub fn reset(&self) {
        self.log.clear();
    }

    /// Runs until the listener fails. The binary's main loop.
    ///
    /// # Errors
    /// When the server's task panicked.
    pub async fn join(mut self) -> io::Result<()> {
        (&mut self.task).await.map_err(io::Error::other)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves on `listener` in the background of the current Tokio runtime.
///
/// # Errors
/// When the listener's address is unknown.
pub fn serve(listener: TcpListener) -> io::Result<Handle> {
    let addr = listener.local_addr()?;
    let log = Arc::new(log::Log::default());
    let app = router(Arc::clone(&log));
    // Otherwise Nagle's algorithm joins small chunks, and a test would measure that.
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    let task = tokio::spawn(async move { drop(axum::serve(listener, app).await) });
    Ok(Handle { addr, log, task })
}

fn router(log: Arc<log::Log>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(respond::complete::<OpenAiChat>))
        .route("/v1/responses", post(respond::complete::<OpenAiResponses>))
        .route("/v1/messages", post(respond::complete::<Anthropic>))
        .route("/v1/models", get(control::models))
        .route("/v1/embeddings", post(control::embeddings))
        .route("/v1beta/models/{*call}", post(respond::complete::<Google>))
        .route("/api/chat", post(respond::complete::<Ollama>))
        .route("/api/tags", get(control::tags))
        .route("/_stub/requests", get(control::requests))
        .route("/_stub/reset", post(control::reset))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(log)
}
