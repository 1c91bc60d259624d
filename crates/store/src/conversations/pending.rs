//! Turns whose words are not in the archive yet.

use crate::{Result, Tx, stored::Stored};
use chrono::{DateTime, Utc};
use domain::{ChatId, ContainerId, ConversationId, TurnId, UserId, turn::TurnStatus};
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// More turns than a user's agents answer between two runs of the archive.
const MAX_TURNS: i64 = 500;

/// A turn that has ended and is still to be archived.
#[derive(Debug, Clone)]
pub struct Pending {
    pub id: TurnId,
    pub chat_id: ChatId,
    /// The chat's branch.
    pub branch: i32,
    /// The agent that answered.
    pub agent_id: Option<Uuid>,
    /// The agent's slug; `None` when it is deleted.
    pub slug: Option<String>,
    /// The message as typed.
    pub question: String,
    /// The answer, or what had arrived.
    pub answer: String,
    /// The tools that were used, as cards.
    pub tools: Value,
    /// How it ended.
    pub status: TurnStatus,
    pub sent_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
}

/// The acting user's pending turns in the order they were sent, without those of deleted chats.
pub async fn list(tx: &mut Tx) -> Result<Vec<Pending>> {
    Ok(sqlx::query_as!(
        Pending,
        r#"select t.id, t.chat_id, t.branch, t.agent_id, a.slug as "slug?", t.question, t.answer, t.tools,
                t.status as "status: Stored<TurnStatus>", t.sent_at as "sent_at!", t.finished_at as "finished_at!"
         from turns t join chats c on c.id = t.chat_id left join user_agent_configs a on a.id = t.agent_id
         where t.archived_at is null and t.sent_at is not null and t.finished_at is not null and c.deleted_at is null
         order by t.sent_at limit $1"#,
        MAX_TURNS,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Records that these turns are archived.
pub async fn mark_archived(tx: &mut Tx, turns: &[TurnId]) -> Result<()> {
    let ids: Vec<Uuid> = turns.iter().map(|id| id.uuid()).collect();
    sqlx::query!("update turns set archived_at = clock_timestamp() where id = any($1)", &ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Records that the volume of the acting user's container was searched for session logs with this image.
pub async fn mark_logs_read(tx: &mut Tx, container: ContainerId, image: &str) -> Result<()> {
    sqlx::query!("update user_containers set logs_read_of = $2 where id = $1", container.uuid(), image)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The users for the sweep: those with pending turns, with a ready container, which may have other sessions, or with a
/// volume that was not searched for session logs.
pub async fn owners(tx: &mut Tx) -> Result<Vec<UserId>> {
    let owners = sqlx::query_scalar!(
        r#"select t.user_id as "user!" from turns t join chats c on c.id = t.chat_id
         where t.archived_at is null and t.sent_at is not null and t.finished_at is not null and c.deleted_at is null
         union
         select user_id from user_containers where observed = 'ready' or image is distinct from logs_read_of"#,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(owners.into_iter().map(UserId::from).collect())
}

/// Up to when the acting user's sessions that are not chats were read, by their keys.
pub async fn read_until(tx: &mut Tx) -> Result<HashMap<String, DateTime<Utc>>> {
    let rows = sqlx::query!(
        r#"select session_key, read_until as "read_until!" from conversation_archive where read_until is not null"#,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.session_key, row.read_until)).collect())
}

/// Records up to when such a session was read.
pub async fn set_read_until(tx: &mut Tx, conversation: ConversationId, until: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update conversation_archive set read_until = $2 where id = $1", conversation.uuid(), until)
        .execute(tx.conn())
        .await?;
    Ok(())
}
