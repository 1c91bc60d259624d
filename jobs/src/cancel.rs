//! Cancelling jobs.

use crate::{Result, Tx};
use domain::{JobId, UserId};

/// How a job was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancellation {
    /// It was waiting; it will not run.
    Immediate,
    /// It is running; its handler is told and stops within seconds.
    Requested,
}

/// Cancels one job. `None` if it has ended already or the transaction's actor cannot see it.
pub async fn one(tx: &mut Tx, id: JobId) -> Result<Option<Cancellation>> {
    Ok(many(tx, &[id]).await?.pop())
}

/// Cancels these jobs. The result has one entry for each job that was waiting or running and that the
/// transaction's actor can see.
pub async fn many(tx: &mut Tx, ids: &[JobId]) -> Result<Vec<Cancellation>> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let cancelled = sqlx::query_file!("src/cancel.sql", &ids).fetch_all(tx.conn()).await?;
    let kind = |ended| if ended { Cancellation::Immediate } else { Cancellation::Requested };
    Ok(cancelled.into_iter().map(|job| kind(job.ended)).collect())
}

/// Cancels everything that waits or runs with this user's rights; what the system does for them goes on.
/// Returns the number of jobs.
pub async fn all_of(tx: &mut Tx, user: UserId) -> Result<usize> {
    let ids = sqlx::query_scalar!(
        "select id from jobs where acts_for = 'user' and owner_id = $1 and state in ('queued', 'running')",
        user.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    let ids: Vec<JobId> = ids.into_iter().map(JobId::from).collect();
    Ok(many(tx, &ids).await?.len())
}
