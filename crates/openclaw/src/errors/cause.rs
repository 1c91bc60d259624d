//! The causes as one table.
//!
//! Owns codes and texts. A cause that the provider test knows too has the same code there.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a request to an agent failed. The serialized form is [`Cause::code`], whose meaning never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // `title` and `next_step` say what each one means.
pub enum Cause {
    KeyMissing,
    KeyRejected,
    KeyForbidden,
    KeyParked,
    QuotaExhausted,
    RateLimited,
    Overloaded,
    ProviderUnreachable,
    ServerError,
    ModelUnknown,
    ContextTooLong,
    RequestRejected,
    AnswerRetracted,
    RunTimedOut,
    AgentUnknown,
    AgentFailed,
    DiskFull,
    AgentUnreachable,
    AgentRestarting,
    GatewayAuth,
    GatewayLocked,
    ConnectionLost,
    BadAnswer,
}

impl Cause {
    /// Every cause, for tables in docs and tests.
    pub const ALL: [Self; 23] = [
        Self::KeyMissing,
        Self::KeyRejected,
        Self::KeyForbidden,
        Self::KeyParked,
        Self::QuotaExhausted,
        Self::RateLimited,
        Self::Overloaded,
        Self::ProviderUnreachable,
        Self::ServerError,
        Self::ModelUnknown,
        Self::ContextTooLong,
        Self::RequestRejected,
        Self::AnswerRetracted,
        Self::RunTimedOut,
        Self::AgentUnknown,
        Self::AgentFailed,
        Self::DiskFull,
        Self::AgentUnreachable,
        Self::AgentRestarting,
        Self::GatewayAuth,
        Self::GatewayLocked,
        Self::ConnectionLost,
        Self::BadAnswer,
    ];

    /// The stable code (`key_rejected`).
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// What happened, as a sentence.
    pub const fn title(self) -> &'static str {
        self.row().1
    }

    /// What to do about it, as a sentence.
    pub const fn next_step(self) -> &'static str {
        self.row().2
    }

    /// Whether the same message may succeed later without a change by the user.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::KeyParked
                | Self::RateLimited
                | Self::Overloaded
                | Self::ProviderUnreachable
                | Self::ServerError
                | Self::AnswerRetracted
                | Self::RunTimedOut
                | Self::AgentFailed
                | Self::DiskFull
                | Self::AgentUnreachable
                | Self::AgentRestarting
                | Self::GatewayLocked
                | Self::ConnectionLost
        )
    }

    /// Whether the agent certainly did not accept the message. Only then may Mosaic send it again by itself.
    pub const fn never_sent(self) -> bool {
        matches!(
            self,
            Self::AgentUnreachable
                | Self::AgentRestarting
                | Self::GatewayAuth
                | Self::GatewayLocked
                | Self::AgentUnknown
        )
    }

    /// Whether the container is not at its known address: nothing answers there, or another container does, because the
    /// engine has assigned its port again.
    pub const fn is_wrong_address(self) -> bool {
        matches!(self, Self::AgentUnreachable | Self::GatewayAuth)
    }

    #[rustfmt::skip] // A table with one row per cause.
    const fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::KeyMissing => ("key_missing", "Your provider needs a key.",
                "Enter the key in the provider's settings."),
            Self::KeyRejected => ("key_rejected", "Your provider rejected its key.",
                "Replace the key in the provider's settings; the next message uses the new one."),
            Self::KeyForbidden => ("key_forbidden", "Your provider does not let this key do that.",
                "Check the key's permissions at the provider, or use another model or key."),
            Self::KeyParked => ("key_parked", "Your provider's key is not used for a while, because it was refused.",
                "Replace the key in the provider's settings, or wait a little and try again."),
            Self::QuotaExhausted => ("quota_exhausted", "The account at your provider has no credit or quota left.",
                "Add credit at the provider, or give the agent a model of another provider."),
            Self::RateLimited => ("rate_limited", "Your provider asks for fewer requests.",
                "Wait a little and try again."),
            Self::Overloaded => ("overloaded", "Your provider is overloaded.",
                "Try again in a minute, or give the agent a fallback model."),
            Self::ProviderUnreachable => ("provider_unreachable", "Your provider could not be reached, or did not answer in time.",
                "Try again. If this continues, run the provider's connection test: it names the reason."),
            Self::ServerError => ("server_error", "Your provider had an error of its own.",
                "Try again in a minute. If this continues, look at the provider's status page."),
            Self::ModelUnknown => ("model_unknown", "The agent's model is not available from its provider.",
                "Choose another model in the agent's settings."),
            Self::ContextTooLong => ("context_too_long", "This chat is too long for the agent's model.",
                "Start a new chat, or give the agent a model with a larger context."),
            Self::RequestRejected => ("request_rejected", "The request was not accepted.",
                "Run the provider's connection test, and check that the model is one for chat."),
            Self::AnswerRetracted => ("answer_retracted", "The agent retracted the beginning of its answer.",
                "Try again."),
            Self::RunTimedOut => ("run_timed_out", "The agent worked on this for too long and was stopped.",
                "Ask for a smaller piece of it, or try again."),
            Self::AgentUnknown => ("agent_unknown", "Your container does not know this agent yet.",
                "Try again in a few seconds: a new agent is added while the container runs."),
            Self::AgentFailed => ("agent_failed", "The agent failed while it worked on the answer.",
                "Try again. If this continues, restart your container, or ask your admin: its disk may be full."),
            Self::DiskFull => ("disk_full", "The disk of your container is full.",
                "Ask your admin for more space, or have your agent delete files that it does not need; then try again."),
            Self::AgentUnreachable => ("agent_unreachable", "Your container did not take the message.",
                "Try again: it is started when a message comes."),
            Self::AgentRestarting => ("agent_restarting", "Your container is restarting.",
                "Try again in a few seconds."),
            Self::GatewayAuth => ("gateway_auth", "Your container did not accept Mosaic's own token.",
                "Restart your container: it gets a new one."),
            Self::GatewayLocked => ("gateway_locked", "Your container refuses connections for a minute, after too many with a wrong token.",
                "Wait a minute and try again."),
            Self::ConnectionLost => ("connection_lost", "The connection to your container broke off.",
                "Try again."),
            Self::BadAnswer => ("bad_answer", "Your container answered in a way that Mosaic does not understand.",
                "Restart your container. If this continues, check the version of the agent image."),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_are_the_serialized_form() {
        let codes: HashSet<_> = Cause::ALL.map(Cause::code).into();
        assert_eq!(codes.len(), Cause::ALL.len());
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.code());
            assert!(cause.title().ends_with('.') && cause.next_step().ends_with('.'), "{cause}");
        }
    }
}
