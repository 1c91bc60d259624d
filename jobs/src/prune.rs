//! Retention: deletes old jobs and workers.

use crate::{Result, Tx};

/// Deletes at most `batch` jobs that ended more than `days` days ago, the oldest first, with their attempts and
/// phases, and returns their number. Batches are small because the rows are locked until the transaction ends.
pub async fn finished(tx: &mut Tx, days: u32, batch: u32) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from jobs where id in (
             select id from jobs
             where finished_at < now() - make_interval(days => $1) and state not in ('queued', 'running')
             order by finished_at limit $2 for update skip locked)",
        i32::try_from(days).unwrap_or(i32::MAX),
        i64::from(batch),
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes workers that stopped or were last seen more than a week ago and hold no job. Returns their number.
pub async fn workers(tx: &mut Tx) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from workers w
         where greatest(w.last_seen, w.stopped_at) < now() - interval '7 days'
               and not exists (select from jobs j where j.state = 'running' and j.lease_owner = w.id)",
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}
