//! Why a container did not come up, in words for its user.

use crate::Error;
use domain::containers::ContainerError;
use serde::{Deserialize, Serialize};

/// [`ContainerError::EngineAway`]'s code.
const ENGINE_AWAY: &str = "engine_away";

/// A start that did not succeed: what to tell, and whether trying again by itself can help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartFailure {
    /// Stable name.
    pub code: String,
    /// What happened.
    pub title: String,
    /// What to do.
    pub detail: String,
    /// Whether another attempt of the job may succeed without anybody's doing.
    #[serde(skip)]
    pub passing: bool,
    /// Whether it is the host's trouble: it is not given up then, but put off until that is over.
    #[serde(skip)]
    pub of_the_host: bool,
}

impl StartFailure {
    pub(super) fn new(code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            title: title.to_owned(),
            detail: detail.into(),
            passing: true,
            of_the_host: false,
        }
    }

    /// Whether nobody knows what came of it.
    pub(super) fn is_engine_away(&self) -> bool {
        self.code == ENGINE_AWAY
    }

    /// Whether another image may do better.
    pub(super) fn blames_image(&self) -> bool {
        matches!(self.code.as_str(), "start_timed_out" | "exited" | "out_of_memory" | "image_missing")
    }
}

impl From<ContainerError> for StartFailure {
    fn from(error: ContainerError) -> Self {
        // The engine's own words are for the log: they may name paths of the host.
        if let ContainerError::EngineAway(said) | ContainerError::Other(said) = &error {
            tracing::warn!(code = error.code(), said, "the container engine");
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
                "The server's container engine does not do it. It is tried again; the server's log has the details."
                    .to_owned()
            }
            other => format!("The server says: {other}."),
        };
        Self {
            code: error.code().to_owned(),
            title: "Your agent could not be started.".to_owned(),
            detail,
            passing: error.is_passing(),
            of_the_host: error.is_of_the_host(),
        }
    }
}

impl From<Error> for StartFailure {
    fn from(error: Error) -> Self {
        if let Error::Internal(cause) = &error {
            tracing::error!(%cause, "start of a container");
        }
        let passing = matches!(error, Error::Unavailable { .. } | Error::Internal(_));
        Self {
            code: error.code().to_owned(),
            title: "Your agent could not be started.".to_owned(),
            detail: error.to_string(),
            passing,
            of_the_host: error.code() == ENGINE_AWAY,
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
