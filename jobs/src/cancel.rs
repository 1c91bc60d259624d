//! Asking a job to end.

use crate::{Result, Tx};
use domain::{JobId, UserId};
use sqlx::{FromRow, Row, postgres::PgRow};

/// What a request to cancel came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It was waiting; it will not run.
    Now,
    /// It runs; its handler is told and ends within seconds.
    Asked,
}

impl FromRow<'_, PgRow> for Cancelled {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(if row.try_get("now")? { Self::Now } else { Self::Asked })
    }
}

// `awaited` ends and running handlers are told by notification; both re-read when one is missed.
macro_rules! cancel_where {
    ($condition:literal) => {
        concat!(
            "with chosen as (
                select id from jobs where state in ('queued', 'running') and ",
            $condition,
            "   order by id for update
            ), asked as (
                update jobs j set
                    cancel_requested_at = coalesce(j.cancel_requested_at, now()),
                    again = false,
                    state = case j.state when 'queued' then 'cancelled' else j.state end,
                    finished_at = case j.state when 'queued' then now() end
                from chosen c where c.id = j.id
                returning j.id, j.state = 'cancelled' as now, j.awaited
            )
            select now,
                   case when not now then pg_notify('mosaic_job_cancel', id::text)
                        when awaited then pg_notify('mosaic_job', id::text) end
            from asked"
        )
    };
}

/// Asks one job to end. `None` when it is over already or the transaction's actor cannot see it.
pub async fn one(tx: &mut Tx, id: JobId) -> Result<Option<Cancelled>> {
    Ok(sqlx::query_as(cancel_where!("id = $1")).bind(id.uuid()).fetch_optional(tx.conn()).await?)
}

/// Asks these jobs to end; those that are over or that the transaction's actor cannot see are left out. Answers
/// what each of the others came to.
pub async fn many(tx: &mut Tx, ids: &[JobId]) -> Result<Vec<Cancelled>> {
    Ok(sqlx::query_as(cancel_where!("id = any($1)"))
        .bind(crate::board::uuids(ids))
        .fetch_all(tx.conn())
        .await?)
}

/// Asks everything to end that runs or waits with this user's rights; what the system does for him goes on.
/// Answers how many jobs that were.
pub async fn all_of(tx: &mut Tx, user: UserId) -> Result<usize> {
    let asked: Vec<Cancelled> = sqlx::query_as(cancel_where!("acts_for = 'user' and owner_id = $1"))
        .bind(user.uuid())
        .fetch_all(tx.conn())
        .await?;
    Ok(asked.len())
}
