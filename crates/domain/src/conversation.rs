//! Archived conversations: roles of messages, and limits.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MessageRole)]
pub enum MessageRole {
    /// The user.
    User,
    /// The agent.
    Assistant,
    /// A tool: a call's arguments, or its result.
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

    /// Reads the stored text. Anything unknown counts as a tool's.
    pub fn from_stored(text: &str) -> Self {
        [Self::User, Self::Assistant].into_iter().find(|role| role.as_str() == text).unwrap_or(Self::Tool)
    }
}

/// Longer messages are cut to this length.
pub const MAX_MESSAGE_CHARS: usize = 100_000;
/// The maximum length of the key of a session, and of an entry in one.
pub const MAX_KEY_CHARS: usize = 200;
/// The maximum length of a title.
pub const MAX_TITLE_CHARS: usize = 200;
/// How many entries one request may add.
pub const MAX_ENTRIES: usize = 1_000;
