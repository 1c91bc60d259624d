//! Everything that knows OpenClaw 2026.9.6: its configuration, its gateway's HTTP surface, its quirks.
//!
//! Owns the rendering of `openclaw.json` and the personality files ([`render`]), the client of one container's gateway
//! ([`Gateway`]: readiness, chat, pass-through, sessions), the reading of a session's committed history ([`history`]) and
//! of old session logs ([`transcript`]), and the meaning of upstream errors ([`errors`]). It must not use the database,
//! start containers or open sealed secrets. A container is not trusted: its agent may run commands and respond instead of
//! the gateway, so everything that is read from it is bounded.
//!
//! What was learned about OpenClaw beyond its manual is in `docs/openclaw-notes.md`.

pub mod errors;
mod gateway;
pub mod history;
pub mod render;
mod session_key;
mod sessions;
mod sse;
mod storable;
pub mod transcript;

pub use errors::{Cause, UpstreamError};
pub use gateway::{
    ChatEvent, ChatRequest, ChatRole, ChatStream, EarlierMessage, FinishReason, Gateway, PassThrough,
    Readiness, TokenUsage, http_client,
};
pub use history::{
    HistoryItem, HistoryPage, HistoryPart, HistoryStream, MessageOutcome, RecoveredAnswer, SentMessage,
};
pub use reqwest::Client;
pub use session_key::SessionKey;
pub use sessions::{GatewaySession, SessionOrigin};

/// How long OpenClaw may work on one answer before it gives up by itself. Part of the rendered configuration; a stream
/// waits a little longer for its next byte.
pub const RUN_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30 * 60);
