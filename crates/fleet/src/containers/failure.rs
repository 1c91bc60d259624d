//! Why a container did not start, in words for its user.

use crate::Error;
use domain::containers::ContainerError;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// [`ContainerError::EngineAway`]'s code.
const ENGINE_AWAY: &str = "engine_away";

/// A start that did not succeed: what to tell the user, and whether another attempt can help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartFailure {
    /// Stable name.
    pub code: String,
    /// What happened.
    pub title: String,
    /// What to do.
    pub detail: String,
    /// Whether another attempt of the job may succeed by itself.
    #[serde(skip)]
    pub is_transient: bool,
    /// Whether the cause is the host: then the start does not fail, but is deferred until the host is well.
    #[serde(skip)]
    pub is_host_failure: bool,
}

impl StartFailure {
    pub(super) fn new(code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            title: title.to_owned(),
            detail: detail.into(),
            is_transient: true,
            is_host_failure: false,
        }
    }

    /// Whether the outcome is unknown, because the engine does not answer.
    pub(super) fn is_engine_away(&self) -> bool {
        self.code == ENGINE_AWAY
    }

    /// Whether a start with another image may succeed.
    pub(super) fn blames_image(&self) -> bool {
        matches!(self.code.as_str(), "start_timed_out" | "exited" | "out_of_memory" | "image_missing")
    }
}

/// An error of the engine where no start is under way.
pub(super) fn engine_error(error: ContainerError) -> Error {
    // The engine's own words are for the log: they may name paths of the host.
    tracing::warn!(%error, "a look at the containers");
    Error::Unavailable {
        code: error.code(),
        detail: "The server's container engine does not answer.".into(),
        retry_after: Duration::from_secs(5),
    }
}

impl From<ContainerError> for StartFailure {
    fn from(error: ContainerError) -> Self {
        // The engine's own words are for the log: they may name paths of the host.
        if let ContainerError::EngineAway(message) | ContainerError::Other(message) = &error {
            tracing::warn!(code = error.code(), message, "the container engine");
        }
        let detail = match &error {
            ContainerError::EngineAway(_) => {
                "The server's container engine does not answer. Your agent is started by itself when it is back."
                    .to_owned()
            }
            ContainerError::VolumeFull => {
                "The server's disk is full: ask your admin to free some space. Your agent is started by itself then."
                    .to_owned()
            }
            ContainerError::Other(_) => {
                "The server's container engine failed. The start is tried again; the server's log has the details."
                    .to_owned()
            }
            other => format!("The server says: {other}."),
        };
        Self {
            code: error.code().to_owned(),
            title: "Your agent could not be started.".to_owned(),
            detail,
            is_transient: error.is_transient(),
            is_host_failure: error.is_host_failure(),
        }
    }
}

impl From<Error> for StartFailure {
    fn from(error: Error) -> Self {
        if let Error::Internal(cause) = &error {
            tracing::error!(%cause, "start of a container");
        }
        let is_transient = matches!(error, Error::Unavailable { .. } | Error::Internal(_));
        Self {
            code: error.code().to_owned(),
            title: "Your agent could not be started.".to_owned(),
            detail: error.to_string(),
            is_transient,
            is_host_failure: error.code() == ENGINE_AWAY,
        }
    }
}

impl From<store::Error> for StartFailure {
    fn from(error: store::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<secrets::Error> for StartFailure {
    fn from(error: secrets::Error) -> Self {
        Error::from(error).into()
    }
}
