//! Which jobs changed a moment ago, without a notification per change: each notification would take a lock on the
//! whole Postgres instance when it commits.

use super::OwnerFilter;
use crate::{Result, Tx};
use domain::JobId;

/// A job that is running or may have changed within the last five seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub id: JobId,
    /// Differs from the fingerprint read before exactly if the job has changed.
    pub fingerprint: String,
    /// A job that was running and is missing from the next read went back to the queue.
    pub running: bool,
}

/// The jobs that may have changed: at most `limit` of those that run, of those enqueued, and of those that ended.
pub async fn changes(tx: &mut Tx, owner: OwnerFilter, limit: i64) -> Result<Vec<Change>> {
    Ok(sqlx::query_file_as!(Change, "src/board/changes.sql", owner.user_id(), limit)
        .fetch_all(tx.conn())
        .await?)
}
