//! Reading jobs: state, history, place in the queue. Never the payload.

use crate::{Priority, Result, Store, Tx};
use chrono::{DateTime, Utc};
use domain::{Actor, JobId, UserId, WorkerId};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, Row, postgres::PgRow};
use std::time::Duration;
use store::listen::NotificationHub;
use tokio::time::Instant;
use uuid::Uuid;

pub use store::listen::JOB_ENDED;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waits: for its due time, a slot, or a retry.
    Queued,
    /// A worker has it.
    Running,
    /// Its handler finished it.
    Done,
    /// Its handler gave it up.
    Failed,
    /// The queue gave it up: too many failures or lost workers.
    Dead,
    /// Somebody ended it.
    Cancelled,
}

impl JobState {
    /// The text in `jobs.state`.
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

    /// Reads the stored text. `None` for a text no version has written.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Dead, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
    }

    /// Whether nothing more will happen by itself.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// A job as its owner and admins see it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobView {
    /// Its id.
    pub id: JobId,
    /// What it does.
    pub kind: String,
    /// Where it waits or runs.
    pub lane: String,
    /// Whose thing it is about.
    pub owner: Option<UserId>,
    /// Where it stands.
    pub state: JobState,
    /// Before whom it starts.
    pub priority: Priority,
    /// Not before.
    pub due_at: DateTime<Utc>,
    /// Times it was taken.
    pub attempt: i32,
    /// Attempts that failed.
    pub failures: i32,
    /// Failures that it may have.
    pub max_attempts: i32,
    /// Attempts whose worker vanished.
    pub lost_leases: i32,
    /// Since when it is asked to end.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// Per cent of the present attempt.
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

impl FromRow<'_, PgRow> for JobView {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let state: String = row.try_get("state")?;
        Ok(Self {
            id: row.try_get::<Uuid, _>("id")?.into(),
            kind: row.try_get("kind")?,
            lane: row.try_get("lane")?,
            owner: row.try_get::<Option<Uuid>, _>("owner_id")?.map(UserId::from),
            state: JobState::from_stored(&state).ok_or_else(|| sqlx::Error::Decode("jobs.state".into()))?,
            priority: Priority::from_stored(row.try_get("priority")?),
            due_at: row.try_get("due_at")?,
            attempt: row.try_get("attempt")?,
            failures: row.try_get("failures")?,
            max_attempts: row.try_get("max_attempts")?,
            lost_leases: row.try_get("lost_leases")?,
            cancel_requested_at: row.try_get("cancel_requested_at")?,
            progress: row.try_get("progress")?,
            last_error: row.try_get("last_error")?,
            created_at: row.try_get("created_at")?,
            started_at: row.try_get("started_at")?,
            finished_at: row.try_get("finished_at")?,
        })
    }
}

/// An attempt that has ended.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct AttemptView {
    /// Which claim, from 1.
    pub attempt: i32,
    /// The worker process.
    #[sqlx(try_from = "Uuid")]
    pub worker: WorkerId,
    /// Its begin.
    pub started_at: DateTime<Utc>,
    /// Its end.
    pub finished_at: DateTime<Utc>,
    /// `done`, `retry`, `fail`, `cancelled`, `returned` or `lost`.
    pub outcome: String,
    /// Why.
    pub error: Option<String>,
}

/// A named step of an attempt.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct PhaseView {
    /// Which attempt.
    pub attempt: i32,
    /// The step.
    pub name: String,
    /// Its begin.
    pub started_at: DateTime<Utc>,
    /// Its end; `None` while it lasts.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What a waiting person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct QueuePosition {
    /// Due jobs of the lane that start before this one (counted up to 1,000).
    pub ahead: i64,
    /// Slots of the lane that are taken.
    pub busy: i64,
    /// Slots of the lane on all living workers; 0 = no worker serves it.
    pub slots: i64,
}

/// The job, `None` when the transaction's actor cannot see it.
pub async fn get(tx: &mut Tx, id: JobId) -> Result<Option<JobView>> {
    Ok(sqlx::query_as("select * from job_overview where id = $1")
        .bind(id.uuid())
        .fetch_optional(tx.conn())
        .await?)
}

/// Its attempts that have ended, first to last.
pub async fn attempts(tx: &mut Tx, id: JobId) -> Result<Vec<AttemptView>> {
    Ok(sqlx::query_as("select * from job_attempts where job_id = $1 order by attempt")
        .bind(id.uuid())
        .fetch_all(tx.conn())
        .await?)
}

/// The steps of all its attempts, first to last.
pub async fn phases(tx: &mut Tx, id: JobId) -> Result<Vec<PhaseView>> {
    Ok(sqlx::query_as("select * from job_phases where job_id = $1 order by id")
        .bind(id.uuid())
        .fetch_all(tx.conn())
        .await?)
}

/// How far the job is from its start. `None` when it does not wait or cannot be seen.
pub async fn queue_position(tx: &mut Tx, id: JobId) -> Result<Option<QueuePosition>> {
    let sql = "select p.* from jobs j
               cross join lateral job_queue_position(j.lane, j.priority, j.due_at, j.id) p
               where j.id = $1 and j.state = 'queued'";
    Ok(sqlx::query_as(sql).bind(id.uuid()).fetch_optional(tx.conn()).await?)
}

/// Waits until the job is over, at most for `patience`, and answers how it stands then; `None` when the actor
/// cannot see it. Holds no connection while it waits.
pub async fn wait(
    store: &Store,
    ear: &NotificationHub,
    actor: &Actor,
    id: JobId,
    patience: Duration,
) -> Result<Option<JobView>> {
    // Notifications are hints: without one the state is read again this often.
    const REREAD: Duration = Duration::from_secs(1);
    let until = Instant::now() + patience;
    let uuid = id.uuid().to_string();
    loop {
        let mut listener = ear.listen();
        let mut tx = store.begin(actor).await?;
        sqlx::query(
            "update jobs set awaited = true where id = $1 and not awaited and state in ('queued', 'running')",
        )
        .bind(id.uuid())
        .execute(tx.conn())
        .await?;
        let seen = get(&mut tx, id).await?;
        tx.commit().await?;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || seen.as_ref().is_none_or(|job| job.state.is_final()) {
            return Ok(seen);
        }
        listener.wait_for(JOB_ENDED, &uuid, left.min(REREAD)).await;
    }
}
