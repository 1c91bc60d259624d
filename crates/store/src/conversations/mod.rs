//! Archived conversations and their messages.
//!
//! [`write`] adds, [`read`] shows, [`pending`] says which turns are still to be added. The search of them is in
//! `knowledge`.

pub mod pending;
pub mod read;
pub mod write;

use chrono::{DateTime, Utc};
use domain::{ConversationId, MessageId, conversation::MessageRole};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Conversation {
    pub id: ConversationId,
    /// The agent that spoke.
    pub agent_id: Option<Uuid>,
    /// The chat it belongs to.
    pub chat_id: Option<Uuid>,
    /// The session's key in OpenClaw, or the id under which it was imported.
    pub session_key: String,
    /// The chat's title, or its own.
    pub title: String,
    /// How many messages there are.
    pub messages: i32,
    /// When the first message was written.
    pub started_at: DateTime<Utc>,
    /// When the last message was written.
    pub last_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub id: MessageId,
    /// Its order among messages of one moment.
    pub position: i64,
    /// Its entry in the session.
    pub entry_id: String,
    pub role: MessageRole,
    pub tool_name: Option<String>,
    pub text: String,
    /// The turn it belongs to.
    pub turn_id: Option<Uuid>,
    /// When it was written.
    pub at: DateTime<Utc>,
}
