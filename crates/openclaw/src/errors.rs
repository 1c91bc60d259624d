//! What went wrong upstream, in words that the user can act on.
//!
//! Owns the stable codes, their texts, and how OpenClaw's error types and sentences map to them. It must
//! not keep upstream text, because a provider may quote the key or the prompt in it.

mod cause;
mod classify;

pub use cause::Cause;
pub(crate) use classify::{classify_failed_entry, classify_response, classify_stream_error};

use std::time::Duration;

/// One failure of a request to an agent. Its only upstream text is [`UpstreamError::rejection_message`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", cause.title())]
pub struct UpstreamError {
    #[allow(missing_docs)]
    pub cause: Cause,
    /// How long to wait before another attempt, if known.
    pub retry_after: Option<Duration>,
    /// The gateway's own sentence about a request that it rejected before running it (at most 300 characters), for
    /// clients of the pass-through. Only for [`Cause::RequestRejected`].
    pub rejection_message: Option<String>,
}

impl From<Cause> for UpstreamError {
    fn from(cause: Cause) -> Self {
        Self { cause, retry_after: None, rejection_message: None }
    }
}

impl UpstreamError {
    /// A failure of the connection. The cause tells whether the request may have reached the agent.
    pub(crate) fn from_transport(error: &reqwest::Error) -> Self {
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
