//! Chats.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{AgentId, ChatId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

/// A chat.
#[derive(Debug, Clone, FromRow)]
pub struct Chat {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: ChatId,
    /// Title; empty until the first message.
    pub title: String,
    /// The agent of the last turn.
    pub agent_id: Option<Uuid>,
    /// Counts fresh OpenClaw sessions.
    pub branch: i32,
    /// Creation.
    pub created_at: DateTime<Utc>,
    /// Last turn or rename.
    pub updated_at: DateTime<Utc>,
}

const COLUMNS: &str = "id, title, agent_id, branch, created_at, updated_at";

/// Creates an empty chat.
pub async fn insert(tx: &mut Tx, id: ChatId, user: UserId, title: &str) -> Result<()> {
    sqlx::query("insert into chats (id, user_id, title) values ($1, $2, $3)")
        .bind(id.uuid())
        .bind(user.uuid())
        .bind(title)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// One chat that is not deleted.
pub async fn get(tx: &mut Tx, id: ChatId) -> Result<Option<Chat>> {
    let sql = format!("select {COLUMNS} from chats where id = $1 and deleted_at is null");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(tx.conn()).await?)
}

/// One chat, locked against a second turn at the same moment.
pub async fn lock(tx: &mut Tx, id: ChatId) -> Result<Option<Chat>> {
    let sql = format!("select {COLUMNS} from chats where id = $1 and deleted_at is null for update");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(tx.conn()).await?)
}

/// The acting user's chats, latest first, after the position of the page before.
pub async fn list(tx: &mut Tx, after: Option<(DateTime<Utc>, ChatId)>, limit: i64) -> Result<Vec<Chat>> {
    let sql = format!(
        "select {COLUMNS} from chats where deleted_at is null
         and ($1::timestamptz is null or (updated_at, id) < ($1, $2))
         order by updated_at desc, id desc limit $3"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after.map(|(at, _)| at))
        .bind(after.map(|(_, id)| id.uuid()))
        .bind(limit)
        .fetch_all(tx.conn())
        .await?)
}

/// Notes a new turn: agent, branch, and the title where there is none yet.
pub async fn bump(tx: &mut Tx, id: ChatId, agent: AgentId, branch: i32, title: &str) -> Result<()> {
    sqlx::query(
        "update chats set agent_id = $2, branch = $3, updated_at = now(),
             title = case when title = '' then $4 else title end
         where id = $1",
    )
    .bind(id.uuid())
    .bind(agent.uuid())
    .bind(branch)
    .bind(title)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The branches of the acting user's chats that are still needed: those that go on, and those with turns that are not in
/// the archive.
pub async fn needed_branches(tx: &mut Tx) -> Result<Vec<(ChatId, i32)>> {
    let branches: Vec<(Uuid, i32)> = sqlx::query_as(
        "select id, branch from chats where deleted_at is null
         union
         select t.chat_id, t.branch from turns t join chats c on c.id = t.chat_id
         where t.archived_at is null and (t.sent_at is not null or t.finished_at is null) and c.deleted_at is null",
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(branches.into_iter().map(|(chat, branch)| (chat.into(), branch)).collect())
}

/// Renames a chat; whether there was one.
pub async fn rename(tx: &mut Tx, id: ChatId, title: &str) -> Result<bool> {
    let done = sqlx::query("update chats set title = $2 where id = $1 and deleted_at is null")
        .bind(id.uuid())
        .bind(title)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Marks a chat deleted; whether there was one.
pub async fn delete(tx: &mut Tx, id: ChatId) -> Result<bool> {
    let done = sqlx::query("update chats set deleted_at = now() where id = $1 and deleted_at is null")
        .bind(id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}
