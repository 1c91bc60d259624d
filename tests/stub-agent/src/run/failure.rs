//! How a run fails, in the words that OpenClaw has for it.

use crate::upstream::Trouble;

/// How a run failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For callers that do not stream.
    pub status: u16,
    /// OpenClaw's `type`.
    pub kind: &'static str,
    /// OpenClaw's `message`.
    pub message: String,
}

impl Failure {
    fn api(status: u16, message: impl Into<String>) -> Self {
        Self { status, kind: "api_error", message: message.into() }
    }

    /// Something that says nothing more.
    pub fn internal() -> Self {
        Self::api(500, "internal error")
    }

    /// The provider refused its key a moment ago.
    pub fn parked(provider: &str) -> Self {
        Self::api(
            503,
            format!(
                "Inline API key for provider \"{provider}\" is temporarily disabled after a provider auth/billing failure. Retry after about 1 minute."
            ),
        )
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Status { status, message, .. } if matches!(status, 401 | 403) => {
                Self { status: 401, kind: "authentication_error", message: format!("{status} {message}") }
            }
            Trouble::Status { status: 429, message, retry_after } => Self {
                status: 429,
                kind: "rate_limit_error",
                message: match retry_after {
                    Some(seconds) => format!("429 {message}; Retry-After: {seconds} seconds"),
                    None => format!("429 {message}"),
                },
            },
            Trouble::Status { status: 400..500, .. } => Self::internal(),
            Trouble::Status { .. } | Trouble::Broken => Self::api(502, "upstream provider error"),
            Trouble::Unreachable => Self::api(504, "upstream provider timeout"),
            Trouble::Unspoken(api) => Self::api(500, format!("stub-agent does not speak {api}")),
        }
    }
}
