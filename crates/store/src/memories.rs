//! What agents remember, and the history of it.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{AgentId, UserId};
use serde_json::Value;
use uuid::Uuid;

/// How many versions of a key are kept.
const MAX_VERSIONS: i64 = 50;

/// A value with its version.
#[derive(Debug, Clone)]
pub struct Memory {
    pub key: String,
    /// `None` when it was deleted or has expired.
    pub value: Option<Value>,
    /// Counts writes and deletions.
    pub version: i64,
    /// It counts as deleted from then on.
    pub expires_at: Option<DateTime<Utc>>,
    /// Last write or deletion.
    pub updated_at: DateTime<Utc>,
}

/// A user's memories, or those of one of their agents.
#[derive(Debug, Clone, Copy)]
pub struct MemoryScope {
    pub user: UserId,
    /// `None` = those that all of the user's agents share.
    pub agent: Option<AgentId>,
}

impl MemoryScope {
    fn agent(&self) -> Option<Uuid> {
        self.agent.map(AgentId::uuid)
    }
}

/// One key, also when it was deleted; locked until the transaction ends. `None`: it was never written.
pub async fn lock(tx: &mut Tx, scope: MemoryScope, key: &str) -> Result<Option<Memory>> {
    Ok(sqlx::query_as!(
        Memory,
        "select key, value, version, expires_at, updated_at from agent_memories
         where user_id = $1 and agent_id is not distinct from $2 and key = $3 for update",
        scope.user.uuid(),
        scope.agent(),
        key,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Keys that begin with `prefix`, in their order, after the last one of the page before; without deleted and expired
/// ones.
pub async fn list(
    tx: &mut Tx,
    scope: MemoryScope,
    prefix: &str,
    now: DateTime<Utc>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Memory>> {
    Ok(sqlx::query_as!(
        Memory,
        "select key, value, version, expires_at, updated_at from agent_memories
         where user_id = $1 and agent_id is not distinct from $2 and starts_with(key, $3)
           and value is not null and (expires_at is null or expires_at > $4) and ($5::text is null or key > $5)
         order by key limit $6",
        scope.user.uuid(),
        scope.agent(),
        prefix,
        now,
        after,
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many keys a user has, without deleted ones, and the bytes of their values as text.
pub async fn size(tx: &mut Tx, user: UserId) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select count(*) as "keys!", coalesce(sum(octet_length(value::text)), 0)::bigint as "bytes!"
           from agent_memories where user_id = $1 and value is not null"#,
        user.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.keys, row.bytes))
}

/// Writes the next version of a key; a value of `None` deletes it. The caller holds the lock on the key, or writes
/// version 1 of a key that was never written; `false`: another write came first.
pub async fn write(tx: &mut Tx, scope: MemoryScope, memory: &Memory, by: &str) -> Result<bool> {
    let done = sqlx::query!(
        "insert into agent_memories (user_id, agent_id, key, value, version, expires_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (user_id, agent_id, key) do update set value = excluded.value, version = excluded.version,
             expires_at = excluded.expires_at, updated_at = excluded.updated_at
         where agent_memories.version = excluded.version - 1",
        scope.user.uuid(),
        scope.agent(),
        memory.key,
        memory.value,
        memory.version,
        memory.expires_at,
        memory.updated_at,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into agent_memory_history (user_id, agent_id, key, version, value, by, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        scope.user.uuid(),
        scope.agent(),
        memory.key,
        memory.version,
        memory.value,
        by,
        memory.updated_at,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from agent_memory_history
         where user_id = $1 and agent_id is not distinct from $2 and key = $3 and version <= $4",
        scope.user.uuid(),
        scope.agent(),
        memory.key,
        memory.version - MAX_VERSIONS,
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// One version of a key.
#[derive(Debug, Clone)]
pub struct MemoryVersion {
    pub version: i64,
    /// `None` = it was deleted.
    pub value: Option<Value>,
    pub at: DateTime<Utc>,
    /// `person` or `agent`.
    pub by: String,
}

/// The versions of a key that are kept, latest first.
pub async fn history(tx: &mut Tx, scope: MemoryScope, key: &str) -> Result<Vec<MemoryVersion>> {
    Ok(sqlx::query_as!(
        MemoryVersion,
        "select version, value, at, by from agent_memory_history
         where user_id = $1 and agent_id is not distinct from $2 and key = $3 order by version desc",
        scope.user.uuid(),
        scope.agent(),
        key,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Deletes up to `limit` memories that have expired, or were deleted before `deleted_before`, with their history.
pub async fn prune(
    tx: &mut Tx,
    now: DateTime<Utc>,
    deleted_before: DateTime<Utc>,
    limit: i64,
) -> Result<u64> {
    let done = sqlx::query!(
        "with gone as (
             delete from agent_memories m using (
                 select ctid from agent_memories
                 where expires_at <= $1 or (value is null and updated_at < $2) limit $3 for update
             ) old where m.ctid = old.ctid returning user_id, agent_id, key
         )
         delete from agent_memory_history h using gone
         where h.user_id = gone.user_id and h.agent_id is not distinct from gone.agent_id and h.key = gone.key",
        now,
        deleted_before,
        limit,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
