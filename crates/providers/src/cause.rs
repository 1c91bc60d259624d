//! Why a provider account does not work, with texts that say what to do.
//!
//! Owns the stable codes and their texts. It must not hold text of the provider, except for the truncated and redacted
//! sentence in [`Failure::provider_says`].

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// A named cause. The serialized form is [`Cause::code`], whose meaning never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // `title` and `next_step` say what each one means.
#[schema(as = ProviderCause)]
pub enum Cause {
    BadUrl,
    AddressNotAllowed,
    CleartextNotAllowed,
    DnsFailed,
    ConnectionRefused,
    Unreachable,
    TlsFailed,
    CertificateRejected,
    TimedOut,
    ConnectionLost,
    Redirected,
    NotFound,
    KeyMissing,
    KeyMalformed,
    KeyRejected,
    KeyForbidden,
    QuotaExhausted,
    RateLimited,
    ModelUnknown,
    RequestRejected,
    Overloaded,
    ServerError,
    BadAnswer,
    AnswerTooLarge,
}

impl Cause {
    /// All causes, for tables in docs and tests.
    pub const ALL: [Self; 24] = [
        Self::BadUrl,
        Self::AddressNotAllowed,
        Self::CleartextNotAllowed,
        Self::DnsFailed,
        Self::ConnectionRefused,
        Self::Unreachable,
        Self::TlsFailed,
        Self::CertificateRejected,
        Self::TimedOut,
        Self::ConnectionLost,
        Self::Redirected,
        Self::NotFound,
        Self::KeyMissing,
        Self::KeyMalformed,
        Self::KeyRejected,
        Self::KeyForbidden,
        Self::QuotaExhausted,
        Self::RateLimited,
        Self::ModelUnknown,
        Self::RequestRejected,
        Self::Overloaded,
        Self::ServerError,
        Self::BadAnswer,
        Self::AnswerTooLarge,
    ];

    /// The stable code (`key_rejected`).
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// What happened, as a sentence without a period, so that a status can follow.
    pub const fn title(self) -> &'static str {
        self.row().1
    }

    /// What to do about it.
    pub const fn next_step(self) -> &'static str {
        self.row().2
    }

    /// Whether the same request may succeed later without any change.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::DnsFailed
                | Self::ConnectionRefused
                | Self::Unreachable
                | Self::TimedOut
                | Self::ConnectionLost
                | Self::RateLimited
                | Self::Overloaded
                | Self::ServerError
        )
    }

    #[rustfmt::skip] // A table with one row per cause.
    const fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::BadUrl => ("bad_url", "The base URL cannot be used",
                "Use the form https://host/path, without user name, query or fragment."),
            Self::AddressNotAllowed => ("address_not_allowed", "Mosaic may not connect to this address",
                "It is private or reserved, or an IP address instead of a name. Use a public host name, or ask an admin to allow this host and port."),
            Self::CleartextNotAllowed => ("cleartext_not_allowed", "The key would travel unencrypted",
                "Use https. Plain http is only for private hosts that an admin allowed."),
            Self::DnsFailed => ("dns_failed", "The host name was not found",
                "Check the spelling of the base URL, and the server's DNS."),
            Self::ConnectionRefused => ("connection_refused", "The server refused the connection",
                "Check the port, and that the server runs and does not listen on its loopback address only."),
            Self::Unreachable => ("unreachable", "The server could not be reached",
                "Check that it can be reached from this network, and check firewalls."),
            Self::TlsFailed => ("tls_failed", "No encrypted connection could be established",
                "Check that the server uses https on this port."),
            Self::CertificateRejected => ("certificate_rejected", "The server's certificate is not trusted here",
                "Check the host name and the certificate's dates. For a company's own authority, add its root certificate to the system where Mosaic runs."),
            Self::TimedOut => ("timed_out", "The server did not answer in time",
                "Try again. If it happens again, check that the server is not overloaded and that no firewall drops the connection."),
            Self::ConnectionLost => ("connection_lost", "The connection was lost before the answer was complete",
                "Try again. If it happens again, look at the server's log."),
            Self::Redirected => ("redirected", "The server redirects to another address, which Mosaic does not follow",
                "Enter the address at which the server answers."),
            Self::NotFound => ("not_found", "The server does not know this path",
                "Check the base URL: for many servers it ends in /v1."),
            Self::KeyMissing => ("key_missing", "This provider needs a key",
                "Enter the key."),
            Self::KeyMalformed => ("key_malformed", "The key contains characters that no key has",
                "Paste it again without spaces, quotes or line breaks."),
            Self::KeyRejected => ("key_rejected", "The provider rejected this key",
                "Check that it is active and complete."),
            Self::KeyForbidden => ("key_forbidden", "The provider does not allow this key to do that",
                "Check the key's permissions, and that the provider serves your country and network."),
            Self::QuotaExhausted => ("quota_exhausted", "The account has no credit or quota left",
                "Add credit at the provider, or use another account."),
            Self::RateLimited => ("rate_limited", "The provider asks for fewer requests",
                "Wait a moment and try again."),
            Self::ModelUnknown => ("model_unknown", "The provider does not offer this model to this account",
                "Check the model id, or choose one from the list."),
            Self::RequestRejected => ("request_rejected", "The provider did not accept the request",
                "Check that the kind of provider fits this server, and that the model supports chat."),
            Self::Overloaded => ("overloaded", "The provider is overloaded",
                "Try again in a minute."),
            Self::ServerError => ("server_error", "The provider had an error of its own",
                "Try again in a minute. If it happens again, look at the provider's status page."),
            Self::BadAnswer => ("bad_answer", "The server answered, but not in this kind's format",
                "Check the base URL and the kind of provider."),
            Self::AnswerTooLarge => ("answer_too_large", "The answer was larger than Mosaic accepts",
                "Check that the base URL points at an LLM API."),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A failure: its cause and details. Holds no secret. Serialized as [`FailureReport`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", into = "FailureReport")]
#[error("{}", self.title())]
pub struct Failure {
    pub cause: Cause,
    /// The provider's HTTP status, if it sent one.
    pub status: Option<u16>,
    /// The provider's message: one line of at most 200 characters, without the key.
    pub provider_says: Option<String>,
    /// Seconds to wait, as the provider asks (at most a day).
    pub retry_after_seconds: Option<u32>,
    /// Up to three ids that the provider offers and that are similar to the requested one.
    #[serde(default)]
    pub did_you_mean: Vec<String>,
}

/// A failure with its texts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProviderFailure)]
pub struct FailureReport {
    pub cause: Cause,
    /// What happened, in one sentence.
    pub title: String,
    /// What to do about it.
    pub next_step: String,
    /// The provider's HTTP status, if it sent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's message: one line of at most 200 characters, without the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_says: Option<String>,
    /// Seconds to wait, as the provider asks (at most a day).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
    /// Up to three ids that the provider offers and that are similar to the requested one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub did_you_mean: Vec<String>,
}

impl From<Failure> for FailureReport {
    fn from(failure: Failure) -> Self {
        Self {
            cause: failure.cause,
            title: failure.title(),
            next_step: failure.cause.next_step().to_owned(),
            status: failure.status,
            provider_says: failure.provider_says,
            retry_after_seconds: failure.retry_after_seconds,
            did_you_mean: failure.did_you_mean,
        }
    }
}

impl Failure {
    /// What happened, with the status: "The provider rejected this key (401)."
    pub fn title(&self) -> String {
        match self.status {
            Some(status) => format!("{} ({status}).", self.cause.title()),
            None => format!("{}.", self.cause.title()),
        }
    }
}

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        Self { cause, status: None, provider_says: None, retry_after_seconds: None, did_you_mean: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_are_the_serialized_form() {
        let codes: HashSet<_> = Cause::ALL.map(Cause::code).into();
        assert_eq!(codes.len(), Cause::ALL.len());
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.code());
        }
    }

    #[test]
    fn texts_are_sentences_that_can_be_joined() {
        for cause in Cause::ALL {
            assert!(!cause.title().ends_with('.'), "{cause}: a status may follow the title");
            assert!(cause.next_step().ends_with('.'), "{cause}");
            assert!(cause.title().chars().next().unwrap().is_uppercase(), "{cause}");
        }
    }

    #[test]
    fn the_title_names_the_status() {
        let failure = Failure { status: Some(401), ..Cause::KeyRejected.into() };
        assert_eq!(failure.title(), "The provider rejected this key (401).");
        assert_eq!(failure.cause.next_step(), "Check that it is active and complete.");
        assert_eq!(Failure::from(Cause::DnsFailed).to_string(), "The host name was not found.");
    }
}
