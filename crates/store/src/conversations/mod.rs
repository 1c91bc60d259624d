//! Archived conversations and their messages.
//!
//! [`write`] takes in, [`read`] shows, [`pending`] says which turns are still to be taken in. What is found by a
//! search stands in `knowledge`.

pub mod pending;
pub mod read;
pub mod write;

use chrono::{DateTime, Utc};
use domain::{ConversationId, MessageId, conversation::MessageRole};
use sqlx::FromRow;
use uuid::Uuid;

/// A conversation.
#[derive(Debug, Clone, FromRow)]
pub struct Conversation {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: ConversationId,
    /// The agent that spoke.
    pub agent_id: Option<Uuid>,
    /// The chat it was said in.
    pub chat_id: Option<Uuid>,
    /// The session's key in OpenClaw, or its id as it was brought.
    pub session_key: String,
    /// The chat's title, or its own.
    pub title: String,
    /// How many messages there are.
    pub messages: i32,
    /// When the first one was written.
    pub started_at: DateTime<Utc>,
    /// When the last one was written.
    pub last_at: DateTime<Utc>,
}

/// A message.
#[derive(Debug, Clone, FromRow)]
pub struct Message {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: MessageId,
    /// Its order among messages of one moment.
    pub position: i64,
    /// Its entry in the session.
    pub entry_id: String,
    role: String,
    /// The tool.
    pub tool_name: Option<String>,
    /// The words.
    pub text: String,
    /// The turn it belongs to.
    pub turn_id: Option<Uuid>,
    /// When it was written.
    pub at: DateTime<Utc>,
}

impl Message {
    /// Whose words.
    pub fn role(&self) -> MessageRole {
        MessageRole::from_stored(&self.role)
    }
}
