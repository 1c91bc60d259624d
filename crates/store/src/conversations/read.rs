//! Conversations and messages, page by page.

use super::{Conversation, Message};
use crate::{Result, Tx, stored::Stored};
use chrono::{DateTime, Utc};
use domain::{AgentId, ConversationId, MessageId, conversation::MessageRole};
use uuid::Uuid;

/// Conversations `c`, by further conditions. A forgotten one has no messages and is not shown.
macro_rules! select_conversations {
    ($and:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Conversation,
            r#"select c.id, c.agent_id, c.chat_id, c.session_key, c.messages, c.started_at as "started_at!",
                      c.last_at as "last_at!", coalesce(nullif(h.title, ''), c.title) as "title!"
               from conversation_archive c left join chats h on h.id = c.chat_id
               where c.messages > 0 "# + $and
            $(, $arg)*
        )
    };
}

/// One page of the acting user's conversations, the latest first; of one agent where one is given.
pub async fn list(
    tx: &mut Tx,
    agent: Option<AgentId>,
    after: Option<(DateTime<Utc>, ConversationId)>,
    limit: i64,
) -> Result<Vec<Conversation>> {
    Ok(select_conversations!(
        "and ($1::uuid is null or c.agent_id = $1)
         and ($2::timestamptz is null or (c.last_at, c.id) < ($2, $3))
         order by c.last_at desc, c.id desc limit $4",
        agent.map(AgentId::uuid),
        after.map(|(at, _)| at),
        after.map(|(_, id)| id.uuid()),
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn get(tx: &mut Tx, id: ConversationId) -> Result<Option<Conversation>> {
    Ok(select_conversations!("and c.id = $1", id.uuid()).fetch_optional(tx.conn()).await?)
}

/// One page of a conversation's messages, the oldest first, behind the moment and position of the page before.
pub async fn messages(
    tx: &mut Tx,
    id: ConversationId,
    after: Option<(DateTime<Utc>, i64)>,
    limit: i64,
) -> Result<Vec<Message>> {
    Ok(sqlx::query_as!(
        Message,
        r#"select id, position, entry_id, role as "role: Stored<MessageRole>", tool_name, text, turn_id, at
         from conversation_messages
         where conversation_id = $1 and ($2::timestamptz is null or (at, position) > ($2, $3))
         order by at, position limit $4"#,
        id.uuid(),
        after.map(|(at, _)| at),
        after.map(|(_, position)| position),
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// A message with its conversation.
#[derive(Debug, Clone)]
pub struct ArchivedMessage {
    pub message: Message,
    pub conversation_id: ConversationId,
    /// The conversation's title.
    pub title: String,
    /// The agent that spoke in it.
    pub agent_id: Option<Uuid>,
    /// The chat it belongs to.
    pub chat_id: Option<Uuid>,
}

/// These messages, in any order; deleted ones are left out.
pub async fn messages_by_id(tx: &mut Tx, ids: &[MessageId]) -> Result<Vec<ArchivedMessage>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    Ok(sqlx::query!(
        r#"select m.id, m.position, m.entry_id, m.role as "role: Stored<MessageRole>", m.tool_name, m.text, m.turn_id,
                m.at, m.conversation_id, c.agent_id, c.chat_id, coalesce(nullif(h.title, ''), c.title) as "title!"
         from conversation_messages m
         join conversation_archive c on c.id = m.conversation_id
         left join chats h on h.id = c.chat_id
         where m.id = any($1)"#,
        &ids,
    )
    .map(|row| ArchivedMessage {
        message: Message {
            id: row.id.into(),
            position: row.position,
            entry_id: row.entry_id,
            role: row.role.into(),
            tool_name: row.tool_name,
            text: row.text,
            turn_id: row.turn_id,
            at: row.at,
        },
        conversation_id: row.conversation_id.into(),
        title: row.title,
        agent_id: row.agent_id,
        chat_id: row.chat_id,
    })
    .fetch_all(tx.conn())
    .await?)
}
