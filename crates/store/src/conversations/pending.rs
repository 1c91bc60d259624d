//! Turns whose words are not in the archive yet.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{ChatId, ContainerId, ConversationId, TurnId, UserId, turn::TurnStatus};
use serde_json::Value;
use sqlx::FromRow;
use std::collections::HashMap;
use uuid::Uuid;

/// More than a person's agents answer between two looks.
const MOST: i64 = 500;

/// A turn that has ended and is still to be taken in.
#[derive(Debug, Clone, FromRow)]
pub struct Pending {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: TurnId,
    /// Its chat.
    #[sqlx(try_from = "Uuid")]
    pub chat_id: ChatId,
    /// The chat's branch.
    pub branch: i32,
    /// The agent that answered.
    pub agent_id: Option<Uuid>,
    /// Its slug; `None` when it is gone.
    pub slug: Option<String>,
    /// The message as typed.
    pub question: String,
    /// The answer, or what had arrived.
    pub answer: String,
    /// The tools that were used, as cards.
    pub tools: Value,
    /// How it ended, as it is stored: read it by [`Pending::status`].
    pub status: String,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

impl Pending {
    /// How it ended.
    pub fn status(&self) -> TurnStatus {
        TurnStatus::from_stored(&self.status).unwrap_or(TurnStatus::Failed)
    }
}

/// The acting user's, in the order they were sent. Those of deleted chats are none.
pub async fn list(tx: &mut Tx) -> Result<Vec<Pending>> {
    Ok(sqlx::query_as(
        "select t.id, t.chat_id, t.branch, t.agent_id, a.slug, t.question, t.answer, t.tools,
                t.status, t.sent_at, t.finished_at
         from turns t join chats c on c.id = t.chat_id left join user_agent_configs a on a.id = t.agent_id
         where t.archived_at is null and t.sent_at is not null and t.finished_at is not null and c.deleted_at is null
         order by t.sent_at limit $1",
    )
    .bind(MOST)
    .fetch_all(tx.conn())
    .await?)
}

/// Notes that these turns are taken in.
pub async fn archived(tx: &mut Tx, turns: &[TurnId]) -> Result<()> {
    sqlx::query("update turns set archived_at = clock_timestamp() where id = any($1)")
        .bind(turns.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes that the volume of the acting user's container was looked through with this image.
pub async fn logs_read(tx: &mut Tx, container: ContainerId, image: &str) -> Result<()> {
    sqlx::query("update user_containers set logs_read_of = $2 where id = $1")
        .bind(container.uuid())
        .bind(image)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Who has any, or a container that answers and may have other sessions, or a volume that was not looked through; for
/// the sweep.
pub async fn owners(tx: &mut Tx) -> Result<Vec<UserId>> {
    let owners: Vec<Uuid> = sqlx::query_scalar(
        "select t.user_id from turns t join chats c on c.id = t.chat_id
         where t.archived_at is null and t.sent_at is not null and t.finished_at is not null and c.deleted_at is null
         union
         select user_id from user_containers where observed = 'ready' or image is distinct from logs_read_of",
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(owners.into_iter().map(UserId::from).collect())
}

/// Up to when the acting user's sessions that are not chats were read, by their keys.
pub async fn read_until(tx: &mut Tx) -> Result<HashMap<String, DateTime<Utc>>> {
    let read: Vec<(String, DateTime<Utc>)> = sqlx::query_as(
        "select session_key, read_until from conversation_archive where read_until is not null",
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(read.into_iter().collect())
}

/// Notes that such a session was read.
pub async fn set_read_until(tx: &mut Tx, conversation: ConversationId, until: DateTime<Utc>) -> Result<()> {
    sqlx::query("update conversation_archive set read_until = $2 where id = $1")
        .bind(conversation.uuid())
        .bind(until)
        .execute(tx.conn())
        .await?;
    Ok(())
}
