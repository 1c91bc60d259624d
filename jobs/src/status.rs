//! Reading jobs: state, history, place in the queue. Never the payload.

use crate::{Priority, Result, Store, Tx};
use chrono::{DateTime, Utc};
use domain::{Actor, JobId, UserId, WorkerId};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::listen::{NotificationHub, Wait};
use uuid::Uuid;

pub use store::listen::JOB_ENDED;

/// `jobs.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum JobState {
    /// Waits for its due time, for a slot, or for a retry.
    Queued,
    /// A worker runs it.
    Running,
    /// Its handler finished it.
    Done,
    /// Its handler gave up.
    Failed,
    /// The queue gave up: too many failures or lost workers.
    Dead,
    /// A user, an admin or the system cancelled it.
    Cancelled,
}

impl JobState {
    /// The stored text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// Parses the stored text, which clients use too. `None`: there is no such state.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Dead, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
    }

    /// Whether the job stays in this state unless someone retries it.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// `job_attempts.outcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum AttemptOutcome {
    Done,
    /// It failed and may be retried.
    Retry,
    /// It failed for good.
    Fail,
    Cancelled,
    /// The worker shut down and handed the job back.
    Returned,
    /// The worker disappeared.
    Lost,
}

impl AttemptOutcome {
    /// The stored text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry => "retry",
            Self::Fail => "fail",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
            Self::Lost => "lost",
        }
    }
}

/// A job as its owner and admins see it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobView {
    pub id: JobId,
    pub kind: String,
    pub lane: String,
    /// The user whose data or container it is about.
    pub owner: Option<UserId>,
    pub state: JobState,
    pub priority: Priority,
    /// It does not start earlier.
    pub due_at: DateTime<Utc>,
    /// How often a worker claimed it.
    pub attempt: i32,
    /// Attempts that failed.
    pub failures: i32,
    /// The job is dead after this many failures.
    pub max_attempts: i32,
    /// Attempts whose worker disappeared.
    pub lost_leases: i32,
    /// Since when it has been asked to stop.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// Per cent of the current attempt.
    pub progress: Option<i16>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// Start of the last attempt.
    pub started_at: Option<DateTime<Utc>>,
    /// When it reached its final state.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A row of `job_overview`.
pub(crate) struct JobRow {
    pub(crate) id: JobId,
    pub(crate) kind: String,
    pub(crate) lane: String,
    pub(crate) owner_id: Option<Uuid>,
    pub(crate) state: JobState,
    pub(crate) priority: Priority,
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) attempt: i32,
    pub(crate) failures: i32,
    pub(crate) max_attempts: i32,
    pub(crate) lost_leases: i32,
    pub(crate) cancel_requested_at: Option<DateTime<Utc>>,
    pub(crate) progress: Option<i16>,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

impl From<JobRow> for JobView {
    fn from(row: JobRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            lane: row.lane,
            owner: row.owner_id.map(UserId::from),
            state: row.state,
            priority: row.priority,
            due_at: row.due_at,
            attempt: row.attempt,
            failures: row.failures,
            max_attempts: row.max_attempts,
            lost_leases: row.lost_leases,
            cancel_requested_at: row.cancel_requested_at,
            progress: row.progress,
            last_error: row.last_error,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// An attempt that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptView {
    /// Counts claims, from 1.
    pub attempt: i32,
    pub worker: WorkerId,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    pub outcome: AttemptOutcome,
    pub error: Option<String>,
}

/// A named step of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseView {
    pub attempt: i32,
    pub name: String,
    pub started_at: DateTime<Utc>,
    /// `None` while it lasts.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A waiting job's place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuePosition {
    /// Due jobs of the lane that start before this one (counted up to 1,000).
    pub ahead: i64,
    /// Slots of the lane that are taken.
    pub busy: i64,
    /// Slots of the lane on all running workers; 0 = no worker serves it.
    pub slots: i64,
}

/// The job; `None` if the transaction's actor cannot see it.
pub async fn get(tx: &mut Tx, id: JobId) -> Result<Option<JobView>> {
    let row = sqlx::query_file_as!(JobRow, "src/get.sql", id.uuid()).fetch_optional(tx.conn()).await?;
    Ok(row.map(JobView::from))
}

/// Its attempts that have ended, in order.
pub async fn attempts(tx: &mut Tx, id: JobId) -> Result<Vec<AttemptView>> {
    let attempts = sqlx::query_as!(
        AttemptView,
        r#"select attempt, worker, started_at, finished_at, outcome as "outcome: AttemptOutcome", error
           from job_attempts where job_id = $1 order by attempt"#,
        id.uuid(),
    );
    Ok(attempts.fetch_all(tx.conn()).await?)
}

/// The phases of all its attempts, in order.
pub async fn phases(tx: &mut Tx, id: JobId) -> Result<Vec<PhaseView>> {
    let phases = sqlx::query_as!(
        PhaseView,
        "select attempt, name, started_at, finished_at from job_phases where job_id = $1 order by id",
        id.uuid(),
    );
    Ok(phases.fetch_all(tx.conn()).await?)
}

/// Its place in the queue; `None` if it does not wait or cannot be seen.
pub async fn queue_position(tx: &mut Tx, id: JobId) -> Result<Option<QueuePosition>> {
    let position = sqlx::query_as!(
        QueuePosition,
        r#"select p.ahead as "ahead!", p.busy as "busy!", p.slots as "slots!" from jobs j
           cross join lateral job_queue_position(j.lane, j.priority, j.due_at, j.id) p
           where j.id = $1 and j.state = 'queued'"#,
        id.uuid(),
    );
    Ok(position.fetch_optional(tx.conn()).await?)
}

/// Whether a job with this unique key waits or runs.
pub async fn is_active(tx: &mut Tx, unique_key: &str) -> Result<bool> {
    let exists = sqlx::query_scalar!(
        r#"select exists (select from jobs where unique_key = $1 and state in ('queued', 'running')) as "exists!""#,
        unique_key,
    );
    Ok(exists.fetch_one(tx.conn()).await?)
}

/// Notifications are hints: without one the state is read again this often.
const REREAD_INTERVAL: Duration = Duration::from_secs(1);

/// Waits until the job has ended, for at most `timeout`, and returns its state then; `None` if the actor
/// cannot see it. Holds no connection while it waits.
pub async fn wait(
    store: &Store,
    notifications: &NotificationHub,
    actor: &Actor,
    id: JobId,
    timeout: Duration,
) -> Result<Option<JobView>> {
    let wait = Wait { channel: JOB_ENDED, reread_every: REREAD_INTERVAL, at_most: Some(timeout) };
    let read = || store.run(actor, async |tx| read_awaited(tx, id).await);
    let pending =
        |job: &Option<JobView>| job.as_ref().filter(|job| !job.state.is_final()).map(|job| job.id.uuid());
    notifications.wait_until(wait, read, pending).await
}

/// Marks the job, so that its end is announced, and reads it.
async fn read_awaited(tx: &mut Tx, id: JobId) -> Result<Option<JobView>> {
    sqlx::query!(
        "update jobs set awaited = true where id = $1 and not awaited and state in ('queued', 'running')",
        id.uuid(),
    )
    .execute(tx.conn())
    .await?;
    get(tx, id).await
}
