//! How often containers ended by themselves.

use crate::{
    Result, Tx,
    containers::{Container, event},
};

/// How a container went down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashKind {
    /// The kernel ended it for memory.
    OutOfMemory,
    /// Anything else.
    Other,
}

/// Notes one; `said` is a sentence for its owner.
pub async fn note(tx: &mut Tx, row: &Container, kind: CrashKind, said: &str) -> Result<()> {
    let what = match kind {
        CrashKind::OutOfMemory => "oom",
        CrashKind::Other => "died",
    };
    event(tx, row.id, row.user_id, row.generation, what, said).await
}

/// How many there were within the last ten minutes.
pub async fn recent(tx: &mut Tx, row: &Container) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select count(*) from container_events
         where container_id = $1 and what in ('died', 'oom') and at > now() - interval '10 minutes'",
    )
    .bind(row.id.uuid())
    .fetch_one(tx.conn())
    .await?)
}
