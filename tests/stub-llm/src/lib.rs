//! A stand-in for the LLM providers: it speaks their wire formats, answers at once and needs no
//! key that is worth anything.
//!
//! It owns the dialects (OpenAI chat and responses, Anthropic, Google, Ollama), the scripted
//! failures and a log of what was asked, with which a test proves "never sent twice" or "the
//! provider's request was cancelled". It must not know Mosaic: it is a provider, seen from outside.
//!
//! * By key (prefix): `sk-bad` 401, `sk-ratelimit` 429 with `Retry-After`, `sk-quota`, `sk-500`,
//!   `sk-slow`; every other key is good, none at all is refused (not by Ollama).
//! * By model: `no-such-model` is not found.
//! * By text: `[[llm:tokens=N,gap=MS]]`, `[[llm:tool=<name>,args=<json>]]`, `[[llm:error=500]]`,
//!   `[[llm:cut]]` (the connection breaks half-way).
//! * `GET /_stub/requests` lists what came, `POST /_stub/reset` forgets it.
#![allow(
    clippy::disallowed_methods,
    reason = "a stand-in runs outside Mosaic: it has its own tasks and its own clock"
)]

mod ask;
mod control;
mod dialects;
mod log;
mod play;
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
pub use log::{Received, State};

/// A long conversation with its tools' schemas is far larger than axum's default of 2 MB.
const MAX_BODY: usize = 32 << 20;

/// A running stand-in; dropping it stops it.
#[derive(Debug)]
pub struct Handle {
    addr: SocketAddr,
    log: Arc<log::Log>,
    task: JoinHandle<()>,
}

impl Handle {
    /// Where it listens.
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
    pub fn requests(&self) -> Vec<Received> {
        self.log.all()
    }

    /// Forgets the requests.
    pub fn reset(&self) {
        self.log.clear();
    }

    /// Runs until the listener fails (the binary's main loop).
    ///
    /// # Errors
    /// When the serving task ended by a panic.
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
/// When the listener cannot tell its address.
pub fn serve(listener: TcpListener) -> io::Result<Handle> {
    let addr = listener.local_addr()?;
    let log = Arc::new(log::Log::default());
    let app = router(Arc::clone(&log));
    // Without it Nagle's algorithm glues small chunks together, and a test would measure that.
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    let task = tokio::spawn(async move { drop(axum::serve(listener, app).await) });
    Ok(Handle { addr, log, task })
}

fn router(log: Arc<log::Log>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(play::talk::<OpenAiChat>))
        .route("/v1/responses", post(play::talk::<OpenAiResponses>))
        .route("/v1/messages", post(play::talk::<Anthropic>))
        .route("/v1/models", get(control::models))
        .route("/v1/embeddings", post(control::embeddings))
        .route("/v1beta/models/{*call}", post(play::talk::<Google>))
        .route("/api/chat", post(play::talk::<Ollama>))
        .route("/api/tags", get(control::tags))
        .route("/_stub/requests", get(control::requests))
        .route("/_stub/reset", post(control::reset))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(log)
}
