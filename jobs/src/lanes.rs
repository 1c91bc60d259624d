//! Lanes: how they stand, and steering them: pause, resume, a limit for the whole instance. For admins and the
//! system.

use crate::{Lane, Result, Tx};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use std::num::NonZeroU32;

/// A lane as admins see it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct LaneView {
    /// Its name.
    pub name: String,
    /// Since when nothing is taken from it.
    pub paused_at: Option<DateTime<Utc>>,
    /// Most jobs that run at once on the whole instance; `None` = as many as the processes together allow.
    pub concurrency: Option<i32>,
    /// Slots of all living workers together.
    pub slots: i64,
    /// Jobs that run.
    pub running: i64,
    /// Jobs that could start now, counted up to 10,000.
    pub ready: i64,
    /// Jobs that wait for their time, counted up to 10,000.
    pub later: i64,
    /// Since when the oldest of those that could start waits.
    pub oldest_due: Option<DateTime<Utc>>,
}

/// All lanes by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<LaneView>> {
    let sql = "select q.name, q.paused_at, q.concurrency,
                      (select coalesce(sum((w.lanes ->> q.name)::bigint), 0)::bigint from workers w
                       where w.stopped_at is null and w.last_seen > now() - interval '30 seconds') as slots,
                      (select count(*) from jobs j where j.state = 'running' and j.lane = q.name) as running,
                      (select count(*) from (
                           select from jobs j
                           where j.state = 'queued' and j.lane = q.name and j.due_at <= now()
                           order by j.priority, j.due_at limit 10000) r) as ready,
                      (select count(*) from (
                           select from jobs j
                           where j.state = 'queued' and j.lane = q.name and j.due_at > now()
                           order by j.priority, j.due_at limit 10000) l) as later,
                      (select min(first.due_at) from generate_series(0, 2) as level (priority)
                       cross join lateral (
                           select j.due_at from jobs j
                           where j.state = 'queued' and j.lane = q.name and j.priority = level.priority
                                 and j.due_at <= now()
                           order by j.due_at limit 1) first) as oldest_due
               from queues q order by q.name";
    Ok(sqlx::query_as(sql).fetch_all(tx.conn()).await?)
}

/// Nothing more is taken from the lane; what runs goes on. Pausing again changes nothing.
pub async fn pause(tx: &mut Tx, lane: Lane) -> Result<()> {
    sqlx::query(
        "update queues set paused_at = coalesce(paused_at, now()), updated_at = now() where name = $1",
    )
    .bind(lane.as_str())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Opens the lane again; workers hear of it at once.
pub async fn resume(tx: &mut Tx, lane: Lane) -> Result<()> {
    sqlx::query("update queues set paused_at = null, updated_at = now() where name = $1")
        .bind(lane.as_str())
        .execute(tx.conn())
        .await?;
    tx.notify("mosaic_jobs", lane.as_str()).await
}

/// Lets at most `most` jobs of the lane run at once on the whole instance; `None` = as many as its processes
/// together allow.
pub async fn limit(tx: &mut Tx, lane: Lane, most: Option<NonZeroU32>) -> Result<()> {
    sqlx::query("update queues set concurrency = $2, updated_at = now() where name = $1")
        .bind(lane.as_str())
        .bind(most.map(|most| i32::try_from(most.get()).unwrap_or(i32::MAX)))
        .execute(tx.conn())
        .await?;
    tx.notify("mosaic_jobs", lane.as_str()).await
}
