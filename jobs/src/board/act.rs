//! What is done to many jobs at once. Row-level security decides which of the ids count. Cancelling:
//! [`crate::cancel::many`].

use crate::{Result, Tx};
use domain::JobId;
use uuid::Uuid;

/// Puts jobs that ended without success back into the queue, due now and with all their attempts, and lets those
/// that wait for a retry go at once. Answers which: a job that is done, runs, or whose unique key another one has
/// by now, is left alone.
pub async fn retry(tx: &mut Tx, ids: &[JobId]) -> Result<Vec<JobId>> {
    let moved: Vec<Uuid> =
        sqlx::query_scalar(include_str!("retry.sql")).bind(uuids(ids)).fetch_all(tx.conn()).await?;
    Ok(moved.into_iter().map(JobId::from).collect())
}

/// Takes jobs that are over out of the history, with their attempts and phases. Answers which.
pub async fn discard(tx: &mut Tx, ids: &[JobId]) -> Result<Vec<JobId>> {
    let gone: Vec<Uuid> = sqlx::query_scalar(
        "delete from jobs where id = any($1) and state not in ('queued', 'running') returning id",
    )
    .bind(uuids(ids))
    .fetch_all(tx.conn())
    .await?;
    Ok(gone.into_iter().map(JobId::from).collect())
}

pub(crate) fn uuids(ids: &[JobId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}
