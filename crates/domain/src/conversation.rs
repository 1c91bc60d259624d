//! Conversations as they are archived: who speaks, and how much of it is kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whose words a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MessageRole)]
pub enum MessageRole {
    /// The person's.
    User,
    /// The agent's.
    Assistant,
    /// A tool's: what it was called with, or what it answered.
    Tool,
}

impl MessageRole {
    /// The text in `conversation_messages.role`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }

    /// Reads the stored text; what no version has written counts as a tool's.
    pub fn from_stored(text: &str) -> Self {
        [Self::User, Self::Assistant].into_iter().find(|role| role.as_str() == text).unwrap_or(Self::Tool)
    }
}

/// The most that is kept of one message, in characters; what is longer is cut.
pub const MAX_MESSAGE: usize = 100_000;
/// The longest name of a session, and of an entry in one, in characters.
pub const MAX_KEY: usize = 200;
/// The longest title, in characters.
pub const MAX_TITLE: usize = 200;
/// The most entries that one request takes in.
pub const MAX_ENTRIES: usize = 1_000;
