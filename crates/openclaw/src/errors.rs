//! What went wrong upstream, in words a person can act on.
//!
//! Owns the stable codes, their texts, and how OpenClaw's error types and sentences map to them. It must
//! not keep upstream text: a provider may quote the key or the prompt in its sentence.

mod cause;
mod classify;

pub use cause::Cause;
pub(crate) use classify::{of_answer, of_failed_entry, of_stream};

use std::time::Duration;

/// One failure of a request to an agent. Holds no upstream text but [`UpstreamError::said`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", cause.title())]
pub struct UpstreamError {
    /// The named reason.
    pub cause: Cause,
    /// How long to wait before it is worth trying again, where that is known.
    pub retry_after: Option<Duration>,
    /// The gateway's own sentence about a request it refused before running it (at most 300
    /// characters): what a client of the pass-through needs to mend it. Only for
    /// [`Cause::RequestRejected`].
    pub said: Option<String>,
}

impl From<Cause> for UpstreamError {
    fn from(cause: Cause) -> Self {
        Self { cause, retry_after: None, said: None }
    }
}

impl UpstreamError {
    /// A failure of the connection: whether the request can have reached the agent is kept apart.
    pub(crate) fn of_transport(error: &reqwest::Error) -> Self {
        if error.is_connect() {
            Cause::AgentUnreachable.into()
        } else if error.is_builder() {
            // A model override that no header can carry.
            Cause::RequestRejected.into()
        } else {
            Cause::ConnectionLost.into()
        }
    }
}
