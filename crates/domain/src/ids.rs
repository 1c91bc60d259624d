//! Identifiers: newtypes over UUIDv7 whose text form has a prefix (`usr_0198…`).
//!
//! The prefix makes logs and URLs readable, and an id of the wrong kind fails when it is parsed. The database stores the
//! bare UUID.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::Type};
use uuid::{NoContext, Timestamp, Uuid};

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that begins with `{prefix}_` followed by 32 hexadecimal digits")]
pub struct ParseIdError {
    /// The expected prefix without its underscore.
    pub prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix without its underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id. Its leading bits are `now`, so that ids sort by creation.
            pub fn new(now: DateTime<Utc>) -> Self {
                let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
                Self(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos())))
            }

            /// The id as the database stores it.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let wrong = ParseIdError { prefix: $prefix };
                let Some(hex) = text.strip_prefix(concat!($prefix, "_")) else { return Err(wrong) };
                if hex.len() != 32 {
                    return Err(wrong);
                }
                Uuid::try_parse(hex).map(Self).map_err(|_| wrong)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-9a-f]{32}$")))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// One Mosaic installation.
    InstanceId = "ins";
    /// An account.
    UserId = "usr";
    /// A browser session.
    SessionId = "ses";
    /// A bearer token for programs.
    ApiTokenId = "tok";
    /// An account at an LLM provider, with its key.
    ProviderId = "prv";
    /// A configured agent.
    AgentId = "agt";
    /// A user's OpenClaw container: the row, not Docker's id.
    ContainerId = "ctr";
    /// A chat in Mosaic.
    ChatId = "cht";
    /// A message and its answer.
    TurnId = "trn";
    /// A saved piece of knowledge.
    FindingId = "fnd";
    /// The archive of one of an agent's sessions.
    ConversationId = "cnv";
    /// A message of an archived conversation.
    MessageId = "msg";
    /// A durable job.
    JobId = "job";
    /// A worker process, from one start to its end.
    WorkerId = "wrk";
    /// An entry of the audit log.
    AuditId = "aud";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn text_form_round_trips_and_other_kinds_are_refused() {
        let id = UserId::new(DateTime::from_timestamp(1_795_339_175, 0).unwrap());
        assert_eq!(id.to_string().parse::<UserId>().unwrap(), id);
        assert!(id.to_string().parse::<ChatId>().is_err());
        assert!("usr_".parse::<UserId>().is_err());
        assert!("usr_0198f3c2-0000-7000-8000-000000000000".parse::<UserId>().is_err());
    }

    #[test]
    fn ids_sort_by_creation() {
        let early = JobId::new(DateTime::from_timestamp(1_000, 0).unwrap());
        let late = JobId::new(DateTime::from_timestamp(2_000, 0).unwrap());
        assert!(early < late);
    }
}
