//! Steering lanes: pause, resume, a limit for the whole instance. For admins and the system.

use crate::{Lane, Result, Tx};
use std::num::NonZeroU32;

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
