//! Chats.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{AgentId, ChatId, UserId};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Chat {
    pub id: ChatId,
    /// Empty until the first message.
    pub title: String,
    /// The agent of the last turn.
    pub agent_id: Option<Uuid>,
    /// Counts fresh OpenClaw sessions.
    pub branch: i32,
    pub created_at: DateTime<Utc>,
    /// Last turn.
    pub updated_at: DateTime<Utc>,
}

/// Chats, by the text after the columns.
macro_rules! select_chats {
    ($from:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(Chat, "select id, title, agent_id, branch, created_at, updated_at " + $from $(, $arg)*)
    };
}

/// Creates an empty chat.
pub async fn insert(tx: &mut Tx, id: ChatId, user: UserId, title: &str) -> Result<()> {
    sqlx::query!("insert into chats (id, user_id, title) values ($1, $2, $3)", id.uuid(), user.uuid(), title)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// One chat that is not deleted.
pub async fn get(tx: &mut Tx, id: ChatId) -> Result<Option<Chat>> {
    Ok(select_chats!("from chats where id = $1 and deleted_at is null", id.uuid())
        .fetch_optional(tx.conn())
        .await?)
}

/// One chat that is not deleted, locked against a second turn at the same moment.
pub async fn lock(tx: &mut Tx, id: ChatId) -> Result<Option<Chat>> {
    Ok(select_chats!("from chats where id = $1 and deleted_at is null for update", id.uuid())
        .fetch_optional(tx.conn())
        .await?)
}

/// The acting user's chats, latest first, after the position of the page before.
pub async fn list(tx: &mut Tx, after: Option<(DateTime<Utc>, ChatId)>, limit: i64) -> Result<Vec<Chat>> {
    Ok(select_chats!(
        "from chats where deleted_at is null
         and ($1::timestamptz is null or (updated_at, id) < ($1, $2))
         order by updated_at desc, id desc limit $3",
        after.map(|(at, _)| at),
        after.map(|(_, id)| id.uuid()),
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Records a new turn: agent, branch, and the title where there is none yet.
pub async fn record_turn(tx: &mut Tx, id: ChatId, agent: AgentId, branch: i32, title: &str) -> Result<()> {
    sqlx::query!(
        "update chats set agent_id = $2, branch = $3, updated_at = now(),
             title = case when title = '' then $4 else title end
         where id = $1",
        id.uuid(),
        agent.uuid(),
        branch,
        title,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The branches of the acting user's chats that are still needed: the current ones, and those with turns that are not
/// in the archive.
pub async fn needed_branches(tx: &mut Tx) -> Result<Vec<(ChatId, i32)>> {
    let branches = sqlx::query!(
        r#"select id as "chat!", branch as "branch!" from chats where deleted_at is null
         union
         select t.chat_id, t.branch from turns t join chats c on c.id = t.chat_id
         where t.archived_at is null and (t.sent_at is not null or t.finished_at is null) and c.deleted_at is null"#,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(branches.into_iter().map(|row| (row.chat.into(), row.branch)).collect())
}

/// Renames a chat; whether there was one.
pub async fn rename(tx: &mut Tx, id: ChatId, title: &str) -> Result<bool> {
    let done =
        sqlx::query!("update chats set title = $2 where id = $1 and deleted_at is null", id.uuid(), title)
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() > 0)
}

/// Marks a chat deleted; whether there was one.
pub async fn delete(tx: &mut Tx, id: ChatId) -> Result<bool> {
    let done =
        sqlx::query!("update chats set deleted_at = now() where id = $1 and deleted_at is null", id.uuid())
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() > 0)
}
