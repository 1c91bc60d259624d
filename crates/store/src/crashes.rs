//! How often containers ended by themselves.

use crate::{
    Result, Tx,
    containers::{Container, record_event},
};

/// How a container went down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashKind {
    /// The kernel ended it for memory.
    OutOfMemory,
    Other,
}

/// Records a crash; `detail` is a sentence for the container's owner.
pub async fn record(tx: &mut Tx, row: &Container, kind: CrashKind, detail: &str) -> Result<()> {
    let what = match kind {
        CrashKind::OutOfMemory => "oom",
        CrashKind::Other => "died",
    };
    record_event(tx, row.id, row.user_id, row.generation, what, detail).await
}

/// How many there were within the last ten minutes.
pub async fn count_recent(tx: &mut Tx, row: &Container) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from container_events
           where container_id = $1 and what in ('died', 'oom') and at > now() - interval '10 minutes'"#,
        row.id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?)
}
