//! Actions on many jobs at once. Row-level security decides which of the ids count. For cancelling see
//! [`crate::cancel::many`].

use crate::{Result, Tx};
use domain::JobId;
use uuid::Uuid;

/// Puts jobs that ended without success back into the queue, due now and with all their attempts, and makes those
/// that wait for a retry due at once. Returns the ids of the jobs that changed: a job that is done or running, or
/// whose unique key another job holds by now, stays as it is.
pub async fn retry(tx: &mut Tx, ids: &[JobId]) -> Result<Vec<JobId>> {
    let retried = sqlx::query_file_scalar!("src/board/retry.sql", &uuids(ids)).fetch_all(tx.conn()).await?;
    Ok(retried.into_iter().map(JobId::from).collect())
}

/// Deletes jobs that have ended, with their attempts and phases. Returns the ids of those that were deleted.
pub async fn discard(tx: &mut Tx, ids: &[JobId]) -> Result<Vec<JobId>> {
    let discarded = sqlx::query_scalar!(
        "delete from jobs where id = any($1) and state not in ('queued', 'running') returning id",
        &uuids(ids),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(discarded.into_iter().map(JobId::from).collect())
}

fn uuids(ids: &[JobId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}
