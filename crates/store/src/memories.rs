//! What agents remember, and the history of it.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{AgentId, UserId};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

/// Versions of a key that are kept.
const VERSIONS_KEPT: i64 = 50;

/// A value with its version.
#[derive(Debug, Clone, FromRow)]
pub struct Memory {
    /// Its name.
    pub key: String,
    /// What is remembered; `None` when it was deleted or its time is over.
    pub value: Option<Value>,
    /// Counts writes and deletions.
    pub version: i64,
    /// From when on it counts as deleted.
    pub expires_at: Option<DateTime<Utc>>,
    /// Last write or deletion.
    pub updated_at: DateTime<Utc>,
}

/// Whose memories.
#[derive(Debug, Clone, Copy)]
pub struct MemoryScope {
    /// The user.
    pub user: UserId,
    /// The agent; `None` = shared by all of the user's agents.
    pub agent: Option<AgentId>,
}

impl MemoryScope {
    fn agent(&self) -> Option<Uuid> {
        self.agent.map(AgentId::uuid)
    }
}

/// One key, also when it was deleted; locked until the transaction ends. `None`: it never was.
pub async fn lock(tx: &mut Tx, shelf: MemoryScope, key: &str) -> Result<Option<Memory>> {
    Ok(sqlx::query_as(
        "select key, value, version, expires_at, updated_at from agent_memories
         where user_id = $1 and agent_id is not distinct from $2 and key = $3 for update",
    )
    .bind(shelf.user.uuid())
    .bind(shelf.agent())
    .bind(key)
    .fetch_optional(tx.conn())
    .await?)
}

/// Keys that begin with `prefix`, in their order, after the last one of the page before; only what is remembered now.
pub async fn list(
    tx: &mut Tx,
    shelf: MemoryScope,
    prefix: &str,
    now: DateTime<Utc>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Memory>> {
    Ok(sqlx::query_as(
        "select key, value, version, expires_at, updated_at from agent_memories
         where user_id = $1 and agent_id is not distinct from $2 and starts_with(key, $3)
           and value is not null and (expires_at is null or expires_at > $4) and ($5::text is null or key > $5)
         order by key limit $6",
    )
    .bind(shelf.user.uuid())
    .bind(shelf.agent())
    .bind(prefix)
    .bind(now)
    .bind(after)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?)
}

/// How many keys a user has, deleted ones left out, and the bytes of their values as text.
pub async fn size(tx: &mut Tx, user: UserId) -> Result<(i64, i64)> {
    Ok(sqlx::query_as(
        "select count(*), coalesce(sum(octet_length(value::text)), 0)::bigint from agent_memories
         where user_id = $1 and value is not null",
    )
    .bind(user.uuid())
    .fetch_one(tx.conn())
    .await?)
}

/// Writes the next version of a key; a value of `None` deletes it. Call it with the key locked, or `version` 1 for one
/// that never was: then somebody may be faster, which answers `false`.
pub async fn write(tx: &mut Tx, shelf: MemoryScope, memory: &Memory, by: &str) -> Result<bool> {
    let done = sqlx::query(
        "insert into agent_memories (user_id, agent_id, key, value, version, expires_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (user_id, agent_id, key) do update set value = excluded.value, version = excluded.version,
             expires_at = excluded.expires_at, updated_at = excluded.updated_at
         where agent_memories.version = excluded.version - 1",
    )
    .bind(shelf.user.uuid())
    .bind(shelf.agent())
    .bind(&memory.key)
    .bind(&memory.value)
    .bind(memory.version)
    .bind(memory.expires_at)
    .bind(memory.updated_at)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(
        "insert into agent_memory_history (user_id, agent_id, key, version, value, by, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(shelf.user.uuid())
    .bind(shelf.agent())
    .bind(&memory.key)
    .bind(memory.version)
    .bind(&memory.value)
    .bind(by)
    .bind(memory.updated_at)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "delete from agent_memory_history
         where user_id = $1 and agent_id is not distinct from $2 and key = $3 and version <= $4",
    )
    .bind(shelf.user.uuid())
    .bind(shelf.agent())
    .bind(&memory.key)
    .bind(memory.version - VERSIONS_KEPT)
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// One version of a key.
#[derive(Debug, Clone, FromRow)]
pub struct Past {
    /// Which.
    pub version: i64,
    /// What it was set to; `None` = it was deleted.
    pub value: Option<Value>,
    /// When.
    pub at: DateTime<Utc>,
    /// `person` or `agent`.
    pub by: String,
}

/// The versions of a key that are kept, latest first.
pub async fn history(tx: &mut Tx, shelf: MemoryScope, key: &str) -> Result<Vec<Past>> {
    Ok(sqlx::query_as(
        "select version, value, at, by from agent_memory_history
         where user_id = $1 and agent_id is not distinct from $2 and key = $3 order by version desc",
    )
    .bind(shelf.user.uuid())
    .bind(shelf.agent())
    .bind(key)
    .fetch_all(tx.conn())
    .await?)
}

/// Deletes up to `most` memories whose time is over, or that were deleted before `deleted_before`, with their history.
pub async fn prune(tx: &mut Tx, now: DateTime<Utc>, deleted_before: DateTime<Utc>, most: i64) -> Result<u64> {
    let done = sqlx::query(
        "with gone as (
             delete from agent_memories m using (
                 select ctid from agent_memories
                 where expires_at <= $1 or (value is null and updated_at < $2) limit $3 for update
             ) old where m.ctid = old.ctid returning user_id, agent_id, key
         )
         delete from agent_memory_history h using gone
         where h.user_id = gone.user_id and h.agent_id is not distinct from gone.agent_id and h.key = gone.key",
    )
    .bind(now)
    .bind(deleted_before)
    .bind(most)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
