//! What there is, page by page.

use super::{Conversation, Message};
use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{AgentId, ConversationId, MessageId};
use sqlx::FromRow;
use uuid::Uuid;

// What was forgotten has no messages and is shown to nobody.
const CONVERSATIONS: &str =
    "select c.id, c.agent_id, c.chat_id, c.session_key, c.messages, c.started_at, c.last_at,
                                    coalesce(nullif(h.title, ''), c.title) as title
                             from conversation_archive c left join chats h on h.id = c.chat_id
                             where c.messages > 0";

/// One page of the acting user's conversations, the latest first; of one agent where one is named.
pub async fn list(
    tx: &mut Tx,
    agent: Option<AgentId>,
    after: Option<(DateTime<Utc>, ConversationId)>,
    limit: i64,
) -> Result<Vec<Conversation>> {
    let sql = format!(
        "{CONVERSATIONS} and ($1::uuid is null or c.agent_id = $1)
         and ($2::timestamptz is null or (c.last_at, c.id) < ($2, $3))
         order by c.last_at desc, c.id desc limit $4"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(agent.map(AgentId::uuid))
        .bind(after.map(|(at, _)| at))
        .bind(after.map(|(_, id)| id.uuid()))
        .bind(limit)
        .fetch_all(tx.conn())
        .await?)
}

/// One conversation.
pub async fn get(tx: &mut Tx, id: ConversationId) -> Result<Option<Conversation>> {
    let sql = format!("{CONVERSATIONS} and c.id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(tx.conn()).await?)
}

/// One page of its messages, the oldest first, behind the moment and position of the page before.
pub async fn messages(
    tx: &mut Tx,
    id: ConversationId,
    after: Option<(DateTime<Utc>, i64)>,
    limit: i64,
) -> Result<Vec<Message>> {
    Ok(sqlx::query_as(
        "select id, position, entry_id, role, tool_name, text, turn_id, at from conversation_messages
         where conversation_id = $1 and ($2::timestamptz is null or (at, position) > ($2, $3))
         order by at, position limit $4",
    )
    .bind(id.uuid())
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, position)| position))
    .bind(limit)
    .fetch_all(tx.conn())
    .await?)
}

/// A message with where it stands.
#[derive(Debug, Clone, FromRow)]
pub struct Found {
    /// The message.
    #[sqlx(flatten)]
    pub message: Message,
    /// Its conversation.
    #[sqlx(try_from = "Uuid")]
    pub conversation_id: ConversationId,
    /// The conversation's title.
    pub title: String,
    /// The agent that spoke in it.
    pub agent_id: Option<Uuid>,
    /// The chat it was said in.
    pub chat_id: Option<Uuid>,
}

/// These messages, in any order; those that are gone are missing.
pub async fn found(tx: &mut Tx, ids: &[MessageId]) -> Result<Vec<Found>> {
    Ok(sqlx::query_as(
        "select m.id, m.position, m.entry_id, m.role, m.tool_name, m.text, m.turn_id, m.at, m.conversation_id,
                c.agent_id, c.chat_id, coalesce(nullif(h.title, ''), c.title) as title
         from conversation_messages m
         join conversation_archive c on c.id = m.conversation_id
         left join chats h on h.id = c.chat_id
         where m.id = any($1)",
    )
    .bind(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .fetch_all(tx.conn())
    .await?)
}
