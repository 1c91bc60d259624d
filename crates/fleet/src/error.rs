//! Why a use-case failed. One place for the stable codes; `api` maps them to RFC 9457.

use domain::{Invalid, containers::ContainerError};
use std::time::Duration;

pub type Result<T> = std::result::Result<T, Error>;

/// A refusal or a failure. Texts are for clients; the cause inside [`Error::Internal`] is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request carries no credential, or one that is not valid (any more).
    #[error("Sign in first.")]
    NotSignedIn,
    /// Unknown username, or wrong password.
    #[error("The username or the password is wrong.")]
    BadCredentials,
    #[error("Open the setup link that the server printed at its start; it carries the setup token.")]
    SetupToken,
    /// Signed in, but not allowed; the text says who is.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such thing, or it belongs to another user.
    #[error("There is no such {0}.")]
    NotFound(&'static str),
    /// Not allowed, for a reason with a stable name.
    #[error("{detail}")]
    Refused {
        code: &'static str,
        /// What to do.
        detail: String,
    },
    #[error("{detail}")]
    TooMany {
        code: &'static str,
        /// What to do, and when.
        detail: String,
        retry_after: Duration,
    },
    #[error("Some of the input cannot be accepted.")]
    Invalid(Vec<Invalid>),
    #[error("{0}")]
    TooLarge(String),
    /// It conflicts with the present state.
    #[error("{detail}")]
    Conflict {
        code: &'static str,
        /// What to do.
        detail: String,
    },
    /// Another request changed it in between.
    #[error("It was changed in the meantime. Load it again and repeat the change.")]
    Stale,
    /// A part that is needed does not answer now.
    #[error("{detail}")]
    Unavailable {
        code: &'static str,
        /// What is missing and what to do.
        detail: String,
        retry_after: Duration,
    },
    /// The agent, or the provider behind it, failed.
    #[error("{detail}")]
    Upstream {
        code: &'static str,
        /// What happened and what to do.
        detail: String,
        fault: Fault,
    },
    /// A defect, or a failure of the server; the cause goes to the log, never to a client.
    #[error("Something went wrong on the server. Its log has the details under this request's id.")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What caused an upstream failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request: it should not be repeated unchanged.
    Request,
    /// The agent or the provider.
    Upstream,
}

impl Error {
    /// Whether the actor may not do this (any more): trying again does not help.
    pub(crate) const fn is_refusal(&self) -> bool {
        matches!(self, Self::NotSignedIn | Self::Forbidden(_) | Self::Refused { .. })
    }

    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }

    pub fn refused(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Refused { code, detail: detail.into() }
    }

    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// The stable code that clients match on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "not_signed_in",
            Self::BadCredentials => "bad_credentials",
            Self::SetupToken => "setup_token",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::Invalid(_) => "invalid",
            Self::TooLarge(_) => "too_large",
            Self::Refused { code, .. } | Self::TooMany { code, .. } => code,
            Self::Conflict { code, .. } | Self::Unavailable { code, .. } | Self::Upstream { code, .. } => {
                code
            }
            Self::Stale => "stale",
            Self::Internal(_) => "internal",
        }
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(vec![invalid])
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unavailable(cause) => {
                tracing::warn!(%cause, "the database does not answer");
                Self::Unavailable {
                    code: "database_away",
                    detail: "The database does not answer. Try again in a moment.".into(),
                    retry_after: Duration::from_secs(2),
                }
            }
            other => Self::internal(other),
        }
    }
}

impl From<ContainerError> for Error {
    fn from(error: ContainerError) -> Self {
        let code = error.code();
        if let ContainerError::EngineAway(message) | ContainerError::Other(message) = &error {
            // The engine's own words are for the log: they may name paths of the host.
            tracing::warn!(code, message, "the container engine");
        }
        if !error.is_transient() {
            return Self::conflict(code, format!("The server says: {error}."));
        }
        Self::Unavailable {
            code,
            detail: "The server's container engine failed; the server's log has the details.".into(),
            retry_after: Duration::from_secs(5),
        }
    }
}

impl From<secrets::Error> for Error {
    fn from(error: secrets::Error) -> Self {
        if matches!(error, secrets::Error::Busy) {
            return Self::Unavailable {
                code: "busy",
                detail: "Too many people sign in right now. Try again in a moment.".into(),
                retry_after: Duration::from_secs(10),
            };
        }
        Self::internal(error)
    }
}

impl From<openclaw::UpstreamError> for Error {
    fn from(error: openclaw::UpstreamError) -> Self {
        let cause = error.cause;
        let rejected = cause == openclaw::Cause::RequestRejected;
        let message = error.rejection_message.unwrap_or_else(|| cause.next_step().to_owned());
        Self::Upstream {
            code: cause.code(),
            detail: format!("{} {message}", cause.title()),
            fault: if rejected { Fault::Request } else { Fault::Upstream },
        }
    }
}
