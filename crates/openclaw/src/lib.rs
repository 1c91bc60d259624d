//! Everything that knows OpenClaw 2026.9.6: its configuration, its gateway's HTTP surface, its quirks.
//!
//! Owns the rendering of `openclaw.json` and the personality files ([`render`]), the client of one
//! container's gateway ([`Gateway`]: readiness, chat, pass-through), the reading of a session's
//! committed history ([`history`]), of session logs ([`transcript`]) and the meaning of upstream errors ([`errors`]). It must not touch
//! the database, start containers or open sealed secrets. A container is not trusted: its agent may run
//! commands and answer in the gateway's place, so everything read from it is bounded.
//!
//! What was learned about OpenClaw beyond its manual is in `docs/openclaw-notes.md`.

pub mod errors;
mod gateway;
pub mod history;
pub mod render;
mod session_key;
mod sse;
mod storable;
pub mod transcript;

pub use errors::{Cause, UpstreamError};
pub use gateway::{
    Begun, ChatEvent, ChatRequest, ChatStream, Finish, Gateway, PassThrough, Readiness, Said, Session,
    Speaker, Usage, http_client,
};
pub use history::{Answer, Follow, Item, Outcome, Page, Part, Sent};
pub use reqwest::Client;
pub use session_key::SessionKey;

/// How long OpenClaw may work on one answer before it gives up by itself. Rendered into the
/// configuration; streams wait a little longer than that for their next byte.
pub const RUN_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30 * 60);
