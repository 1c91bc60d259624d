//! The state of the lanes, and how admins control them: pause, resume, a limit for the whole instance. For admins
//! and the system.

use crate::{Lane, Result, Tx};
use chrono::{DateTime, Utc};
use std::num::NonZeroU32;

/// A lane as admins see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneView {
    pub name: String,
    /// Since when it is paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// How many jobs may run at once on the whole instance; `None` = as many as the workers have slots.
    pub concurrency: Option<i32>,
    /// Slots of all running workers.
    pub slots: i64,
    /// Jobs that run.
    pub running: i64,
    /// Jobs that could start now, counted up to 10,000.
    pub ready: i64,
    /// Jobs that are not due yet, counted up to 10,000.
    pub later: i64,
    /// Since when the oldest job that could start has been due.
    pub oldest_due: Option<DateTime<Utc>>,
}

/// All lanes by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<LaneView>> {
    Ok(sqlx::query_file_as!(LaneView, "src/lanes.sql").fetch_all(tx.conn()).await?)
}

/// Pauses the lane: no more jobs are claimed from it, running ones go on. Does nothing if it is paused already.
pub async fn pause(tx: &mut Tx, lane: Lane) -> Result<()> {
    sqlx::query!(
        "update queues set paused_at = coalesce(paused_at, now()), updated_at = now() where name = $1",
        lane.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Resumes the lane; workers are notified.
pub async fn resume(tx: &mut Tx, lane: Lane) -> Result<()> {
    sqlx::query!("update queues set paused_at = null, updated_at = now() where name = $1", lane.as_str())
        .execute(tx.conn())
        .await?;
    tx.notify("mosaic_jobs", lane.as_str()).await
}

/// Limits how many jobs of the lane run at once on the whole instance; `None` = as many as the workers have slots.
pub async fn set_limit(tx: &mut Tx, lane: Lane, max_running: Option<NonZeroU32>) -> Result<()> {
    sqlx::query!(
        "update queues set concurrency = $2, updated_at = now() where name = $1",
        lane.as_str(),
        max_running.map(|max| i32::try_from(max.get()).unwrap_or(i32::MAX)),
    )
    .execute(tx.conn())
    .await?;
    tx.notify("mosaic_jobs", lane.as_str()).await
}
