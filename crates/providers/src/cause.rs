//! Why a provider account does not work, in words a person can act on.
//!
//! Owns the stable codes and their texts. It must not hold upstream text, apart from the one clipped
//! and scrubbed sentence in [`Failure::provider_says`].

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// A named reason. The serialized form is [`Cause::code`] and never changes its meaning.
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
    /// Every cause, for tables in docs and tests.
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

    /// What happened, in one sentence without its full stop, so that a status can follow it.
    pub const fn title(self) -> &'static str {
        self.row().1
    }

    /// What to do about it.
    pub const fn next_step(self) -> &'static str {
        self.row().2
    }

    /// Whether the same request may succeed later without anybody changing anything.
    pub const fn passes_by_itself(self) -> bool {
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

    #[rustfmt::skip] // One row a cause: a table is what it is.
    const fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::BadUrl => ("bad_url", "The base URL cannot be used",
                "Use the form https://host/path, without user name, query or fragment."),
            Self::AddressNotAllowed => ("address_not_allowed", "Mosaic may not connect to this address",
                "It is private or reserved, or an IP address in place of a name. Use a public host name, or ask an admin to allow this host and port."),
            Self::CleartextNotAllowed => ("cleartext_not_allowed", "The key would travel unencrypted",
                "Use https. Plain http is for private hosts that an admin allowed."),
            Self::DnsFailed => ("dns_failed", "The host name was not found",
                "Check the base URL for a typing mistake, and the server's DNS."),
            Self::ConnectionRefused => ("connection_refused", "The server refused the connection",
                "Check the port, and that the server runs and listens on more than its own loopback address."),
            Self::Unreachable => ("unreachable", "The server could not be reached",
                "Check that this network may reach it, firewalls included."),
            Self::TlsFailed => ("tls_failed", "No encrypted connection could be made",
                "Check that the server speaks https on this port."),
            Self::CertificateRejected => ("certificate_rejected", "The server's certificate is not trusted here",
                "Check the host name and the certificate's dates. For a company's own authority, add its root to the system's certificates where Mosaic runs."),
            Self::TimedOut => ("timed_out", "The server did not answer in time",
                "Try again. If it stays so, check that the server is not overloaded and that a firewall does not swallow the connection."),
            Self::ConnectionLost => ("connection_lost", "The connection broke off before the answer was complete",
                "Try again. If it stays so, look at the server's log."),
            Self::Redirected => ("redirected", "The server sent us to another address, which Mosaic does not follow",
                "Enter the address that the server really answers at."),
            Self::NotFound => ("not_found", "The server knows no such path",
                "Check the base URL: many servers want /v1 at its end."),
            Self::KeyMissing => ("key_missing", "This provider needs a key",
                "Enter the key."),
            Self::KeyMalformed => ("key_malformed", "The key has characters that no key has",
                "Paste it again without spaces, quotes or line breaks."),
            Self::KeyRejected => ("key_rejected", "The provider rejected this key",
                "Check that it is active and was pasted in full."),
            Self::KeyForbidden => ("key_forbidden", "The provider does not let this key do that",
                "Check the key's permissions, and that the provider serves your country and network."),
            Self::QuotaExhausted => ("quota_exhausted", "The account has no credit or quota left",
                "Add credit at the provider, or use another account."),
            Self::RateLimited => ("rate_limited", "The provider asks for fewer requests",
                "Wait a little and try again."),
            Self::ModelUnknown => ("model_unknown", "The provider does not offer this model to this account",
                "Check the model id, or choose one from the list."),
            Self::RequestRejected => ("request_rejected", "The provider did not accept the request",
                "Check that the kind of provider fits this server, and that the model is one for chat."),
            Self::Overloaded => ("overloaded", "The provider is overloaded",
                "Try again in a minute."),
            Self::ServerError => ("server_error", "The provider had an error of its own",
                "Try again in a minute. If it stays so, look at the provider's status page."),
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

/// One failure: the cause and the little that is known beside it. Holds no secret. Written out as [`Told`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", into = "Told")]
#[error("{}", self.title())]
pub struct Failure {
    /// The named reason.
    pub cause: Cause,
    /// The provider's HTTP status, when it gave one.
    pub status: Option<u16>,
    /// The provider's own words: one line of at most 200 characters, without the key.
    pub provider_says: Option<String>,
    /// Seconds the provider asks to wait (at most a day).
    pub retry_after_seconds: Option<u32>,
    /// Up to three ids that the provider does offer and that look like the one asked for.
    #[serde(default)]
    pub did_you_mean: Vec<String>,
}

/// A failure with its sentences.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProviderFailure)]
pub struct Told {
    /// The named reason.
    pub cause: Cause,
    /// What happened, in one sentence.
    pub title: String,
    /// What to do about it.
    pub next_step: String,
    /// The provider's HTTP status, when it gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's own words: one line of at most 200 characters, without the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_says: Option<String>,
    /// Seconds the provider asks to wait (at most a day).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
    /// Up to three ids that the provider does offer and that look like the one asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub did_you_mean: Vec<String>,
}

impl From<Failure> for Told {
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
        assert_eq!(failure.cause.next_step(), "Check that it is active and was pasted in full.");
        assert_eq!(Failure::from(Cause::DnsFailed).to_string(), "The host name was not found.");
    }
}
