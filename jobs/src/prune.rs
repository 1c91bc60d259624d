//! Retention: what is over does not stay for ever.

use crate::{Result, Tx};

/// Deletes at most `batch` jobs that ended more than `days` days ago, the oldest first, with their attempts and
/// phases. Answers how many. Small batches, because each is one transaction whose rows are locked.
pub async fn finished(tx: &mut Tx, days: u32, batch: u32) -> Result<u64> {
    let deleted = sqlx::query(
        "delete from jobs where id in (
             select id from jobs
             where finished_at < now() - make_interval(days => $1) and state not in ('queued', 'running')
             order by finished_at limit $2 for update skip locked)",
    )
    .bind(i32::try_from(days).unwrap_or(i32::MAX))
    .bind(i64::from(batch))
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes worker processes that ended or fell silent more than a week ago and hold nothing. Answers how many.
pub async fn workers(tx: &mut Tx) -> Result<u64> {
    let deleted = sqlx::query(
        "delete from workers w
         where greatest(w.last_seen, w.stopped_at) < now() - interval '7 days'
               and not exists (select from jobs j where j.state = 'running' and j.lease_owner = w.id)",
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}
