//! Why a use-case did not happen. One place for the stable codes; `api` maps them to RFC 9457.

use domain::{Invalid, containers::ContainerError};
use std::time::Duration;

/// Shorthand for every use-case.
pub type Result<T> = std::result::Result<T, Error>;

/// A refusal or a failure. Texts are for clients; causes inside [`Error::Internal`] are for logs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in, or the credential is not valid (any more).
    #[error("Sign in first.")]
    NotSignedIn,
    /// Username and password do not fit together.
    #[error("The username or the password is wrong.")]
    BadCredentials,
    /// The setup token is missing or wrong.
    #[error("Open the setup link that the server printed at its start; it carries the setup token.")]
    SetupToken,
    /// Signed in, but not allowed; says who is.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such thing, or it is somebody else's.
    #[error("There is no such {0}.")]
    NotFound(&'static str),
    /// Not let in, for a reason with a name of its own.
    #[error("{detail}")]
    Refused {
        /// Stable name of the reason.
        code: &'static str,
        /// What to do.
        detail: String,
    },
    /// Too many attempts.
    #[error("{detail}")]
    TooMany {
        /// Stable name of what was tried too often.
        code: &'static str,
        /// What to do, and when.
        detail: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// The input cannot be accepted.
    #[error("Some of the input cannot be accepted.")]
    Invalid(Vec<Invalid>),
    /// It is larger than can be kept.
    #[error("{0}")]
    TooLarge(String),
    /// It clashes with what is there.
    #[error("{detail}")]
    Conflict {
        /// Stable name of the clash.
        code: &'static str,
        /// What to do.
        detail: String,
    },
    /// Somebody changed it in between.
    #[error("It was changed in the meantime. Load it again and repeat the change.")]
    Stale,
    /// A part that is needed does not answer now.
    #[error("{detail}")]
    Unavailable {
        /// Stable name of what is missing.
        code: &'static str,
        /// What is missing and what to do.
        detail: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// The agent, or the provider behind it, did not do it.
    #[error("{detail}")]
    Upstream {
        /// Stable name of the cause.
        code: &'static str,
        /// What happened and what to do.
        detail: String,
        /// Whether the request itself was at fault.
        fault: Fault,
    },
    /// A fault of ours; the cause goes to the log, never to a client.
    #[error("Something went wrong on the server. Its log has the details under this request's id.")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Whose fault an upstream failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request's: it should not be repeated unchanged.
    Request,
    /// The agent's or the provider's.
    Upstream,
}

impl Error {
    /// Whether it says that somebody may not do this (any more), so that there is nothing to try again.
    pub(crate) const fn is_refusal(&self) -> bool {
        matches!(self, Self::NotSignedIn | Self::Forbidden(_) | Self::Refused { .. })
    }

    /// A clash with a stable name.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }

    /// A refusal with a stable name.
    pub fn refused(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Refused { code, detail: detail.into() }
    }

    /// A fault of ours.
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
                tracing::warn!(%cause, "database away");
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
        if let ContainerError::EngineAway(said) | ContainerError::Other(said) = &error {
            // The engine's own words are for the log: they may name paths of the host.
            tracing::warn!(code, said, "the container engine");
        }
        if !error.is_passing() {
            return Self::conflict(code, format!("The server says: {error}."));
        }
        Self::Unavailable {
            code,
            detail: "The server's container engine does not do it; its log has the details.".into(),
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
        let said = error.said.unwrap_or_else(|| cause.next_step().to_owned());
        Self::Upstream {
            code: cause.code(),
            detail: format!("{} {said}", cause.title()),
            fault: if rejected { Fault::Request } else { Fault::Upstream },
        }
    }
}
