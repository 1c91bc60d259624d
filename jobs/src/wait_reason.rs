//! Why a job waits, as facts; the sentences for people are made by the caller.

use crate::{JobState, QueuePosition, Result, Tx, get, queue_position};
use chrono::{DateTime, Utc};
use domain::JobId;

/// What a waiting job depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitReason {
    pub position: QueuePosition,
    pub lane: LaneStatus,
}

/// The state of a lane, as far as a waiting user may know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneStatus {
    /// Since when it is paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// When a worker that serves it was last seen.
    pub worker_seen: Option<DateTime<Utc>>,
    /// The database's time; durations are computed from it.
    pub asked_at: DateTime<Utc>,
}

/// What the job waits for; `None` if it does not wait or the transaction's actor cannot see it.
pub async fn wait_reason(tx: &mut Tx, id: JobId) -> Result<Option<WaitReason>> {
    let Some(job) = get(tx, id).await?.filter(|job| job.state == JobState::Queued) else { return Ok(None) };
    let Some(position) = queue_position(tx, id).await? else { return Ok(None) };
    let lane = sqlx::query_as!(
        LaneStatus,
        r#"select paused_at as "paused_at?", worker_seen as "worker_seen?", asked_at as "asked_at!"
           from job_lane_standing($1)"#,
        job.lane,
    );
    let lane = lane.fetch_one(tx.conn()).await?;
    Ok(Some(WaitReason { position, lane }))
}
