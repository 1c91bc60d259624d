//! Why a job waits, as facts; the sentences are made where people are spoken to.

use crate::{JobState, QueuePosition, Result, Tx, get, queue_position};
use chrono::{DateTime, Utc};
use domain::JobId;
use sqlx::FromRow;

/// A lane as a waiting person is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct LaneStanding {
    /// Since when it is paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// When a worker that serves it was last seen.
    pub worker_seen: Option<DateTime<Utc>>,
    /// The database's time, from which all of this is to be reckoned.
    pub asked_at: DateTime<Utc>,
}

/// The place of a waiting job and the standing of its lane; `None` when it does not wait or the transaction's
/// actor cannot see it.
pub async fn standing(tx: &mut Tx, id: JobId) -> Result<Option<(QueuePosition, LaneStanding)>> {
    let Some(job) = get(tx, id).await?.filter(|job| job.state == JobState::Queued) else { return Ok(None) };
    let Some(position) = queue_position(tx, id).await? else { return Ok(None) };
    let lane =
        sqlx::query_as("select * from job_lane_standing($1)").bind(&job.lane).fetch_one(tx.conn()).await?;
    Ok(Some((position, lane)))
}

/// Whether a job with this unique key waits or runs.
pub async fn is_active(tx: &mut Tx, unique_key: &str) -> Result<bool> {
    let sql = "select exists (select from jobs where unique_key = $1 and state in ('queued', 'running'))";
    Ok(sqlx::query_scalar(sql).bind(unique_key).fetch_one(tx.conn()).await?)
}
