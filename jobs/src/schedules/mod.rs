//! Schedules: jobs that are enqueued by the clock, one per tick.
//!
//! Workers call [`tick`]; admins read and change. The row's lock and the database's time decide which worker
//! enqueues and when: a worker's clock never matters, and of many workers only one takes a tick.

mod expression;
mod tick;

pub use expression::Expression;
pub use tick::tick;

use crate::{
    ActsFor, Enqueued, Job, JobState, Options, Result, Tx, enqueue,
    kinds::{
        EmbedPending, MeasureContainers, PruneExports, PruneJobs, PruneKnowledge, ReapIdle, SweepContainers,
        SweepSessionLogs,
    },
};
use chrono::{DateTime, Utc};
use domain::JobId;
use uuid::Uuid;

/// A schedule as admins see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleView {
    pub name: String,
    /// The kind of job that it enqueues.
    pub kind: String,
    /// In UTC.
    pub cron: String,
    pub enabled: bool,
    /// The next tick; `None` while it is disabled, or until a worker has computed it.
    pub next_due: Option<DateTime<Utc>>,
    /// The last tick that was run.
    pub last_due: Option<DateTime<Utc>>,
    /// When a job was last enqueued, by the clock or by hand.
    pub last_run: Option<DateTime<Utc>>,
    last_job: Option<Uuid>,
    /// The state of that job; `None` if there was none or it has been pruned.
    pub last_state: Option<JobState>,
}

impl ScheduleView {
    /// The job that was enqueued last.
    pub fn last_job(&self) -> Option<JobId> {
        self.last_job.map(JobId::from)
    }
}

/// All schedules by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<ScheduleView>> {
    Ok(sqlx::query_file_as!(ScheduleView, "src/schedules/view.sql", None::<&str>)
        .fetch_all(tx.conn())
        .await?)
}

/// One schedule.
pub async fn get(tx: &mut Tx, name: &str) -> Result<Option<ScheduleView>> {
    Ok(sqlx::query_file_as!(ScheduleView, "src/schedules/view.sql", Some(name))
        .fetch_optional(tx.conn())
        .await?)
}

/// The database's time, from which the next tick is computed.
pub async fn now(tx: &mut Tx) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(tx.conn()).await?)
}

/// Whether a schedule is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    On,
    /// Its ticks are not run, and not made up for later.
    Off,
}

/// Changes a schedule; its next tick is `next_due`. Returns `false` if there is none of that name.
pub async fn change(
    tx: &mut Tx,
    name: &str,
    cron: &Expression,
    switch: Switch,
    next_due: DateTime<Utc>,
) -> Result<bool> {
    let changed = sqlx::query!(
        "update schedules set cron = $2, enabled = $3, next_due = $4, updated_at = now() where name = $1",
        name,
        cron.as_str(),
        switch == Switch::On,
        next_due,
    )
    .execute(tx.conn())
    .await?;
    Ok(changed.rows_affected() > 0)
}

/// Enqueues its job now, whether it is on or off; the next tick stays as it was. `None`: there is no schedule
/// of that name whose kind this version knows.
pub async fn run_now(tx: &mut Tx, acts_for: impl Into<ActsFor>, name: &str) -> Result<Option<Enqueued>> {
    let Some(schedule) = get(tx, name).await? else { return Ok(None) };
    let Some(enqueued) = enqueue_kind(tx, acts_for.into(), &schedule.kind).await? else { return Ok(None) };
    sqlx::query!(
        "update schedules set last_run = clock_timestamp(), last_job = $2 where name = $1",
        name,
        enqueued.id.uuid(),
    )
    .execute(tx.conn())
    .await?;
    Ok(Some(enqueued))
}

/// Enqueues a job of a kind that can be scheduled: one that needs no payload. `None` for any other kind.
async fn enqueue_kind(tx: &mut Tx, acts_for: ActsFor, kind: &str) -> Result<Option<Enqueued>> {
    let options = Options::default();
    Ok(Some(match kind {
        MeasureContainers::KIND => enqueue(tx, acts_for, &MeasureContainers {}, options).await?,
        PruneExports::KIND => enqueue(tx, acts_for, &PruneExports {}, options).await?,
        EmbedPending::KIND => enqueue(tx, acts_for, &EmbedPending {}, options).await?,
        PruneJobs::KIND => enqueue(tx, acts_for, &PruneJobs {}, options).await?,
        PruneKnowledge::KIND => enqueue(tx, acts_for, &PruneKnowledge {}, options).await?,
        ReapIdle::KIND => enqueue(tx, acts_for, &ReapIdle {}, options).await?,
        SweepContainers::KIND => enqueue(tx, acts_for, &SweepContainers {}, options).await?,
        SweepSessionLogs::KIND => enqueue(tx, acts_for, &SweepSessionLogs {}, options).await?,
        _ => return Ok(None),
    }))
}
