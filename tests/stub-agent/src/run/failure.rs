//! Failures of a run, in OpenClaw's words.

use crate::upstream::ProviderError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFailure {
    /// The status of a response without a stream.
    pub status: u16,
    /// OpenClaw's `type`.
    pub kind: &'static str,
    /// OpenClaw's `message`.
    pub message: String,
}

impl RunFailure {
    fn api(status: u16, message: impl Into<String>) -> Self {
        Self { status, kind: "api_error", message: message.into() }
    }

    pub fn internal() -> Self {
        Self::api(500, "internal error")
    }

    /// The provider refused its key less than a minute ago.
    pub fn parked(provider: &str) -> Self {
        Self::api(
            503,
            format!(
                "Inline API key for provider \"{provider}\" is temporarily disabled after a provider auth/billing failure. Retry after about 1 minute."
            ),
        )
    }
}

impl From<ProviderError> for RunFailure {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Status { status, message, .. } if matches!(status, 401 | 403) => {
                Self { status: 401, kind: "authentication_error", message: format!("{status} {message}") }
            }
            ProviderError::Status { status: 429, message, retry_after } => Self {
                status: 429,
                kind: "rate_limit_error",
                message: match retry_after {
                    Some(seconds) => format!("429 {message}; Retry-After: {seconds} seconds"),
                    None => format!("429 {message}"),
                },
            },
            ProviderError::Status { status: 400..500, .. } => Self::internal(),
            ProviderError::Status { .. } | ProviderError::Broken => Self::api(502, "upstream provider error"),
            ProviderError::Unreachable => Self::api(504, "upstream provider timeout"),
            ProviderError::Unsupported(api) => Self::api(500, format!("stub-agent does not support {api}")),
        }
    }
}
