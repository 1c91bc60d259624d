//! Schedules: jobs that are enqueued by the clock, one per tick.
//!
//! Workers call [`tick`]; admins read and change. The row's lock and the database's time decide who enqueues
//! and when: a worker's clock never matters, and of many workers one takes a tick.

mod expression;
mod tick;

pub use expression::Expression;
pub use tick::tick;

use crate::{
    ActsFor, Enqueued, Job, Options, Result, Tx, enqueue,
    kinds::{
        EmbedPending, MeasureContainers, PruneExports, PruneJobs, PruneKnowledge, ReapIdle, SweepContainers,
        SweepSessionLogs,
    },
};
use chrono::{DateTime, Utc};
use domain::JobId;
use sqlx::FromRow;
use uuid::Uuid;

/// A schedule as admins see it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ScheduleView {
    /// Its name.
    pub name: String,
    /// The kind of job that it enqueues.
    pub kind: String,
    /// Its cron expression, in UTC.
    pub cron: String,
    /// Whether it is on.
    pub enabled: bool,
    /// The next tick; `None` while it is off, or until a worker has reckoned it.
    pub next_due: Option<DateTime<Utc>>,
    /// The tick that was run last.
    pub last_due: Option<DateTime<Utc>>,
    /// When a job was last enqueued, by the clock or by hand.
    pub last_run: Option<DateTime<Utc>>,
    last_job: Option<Uuid>,
    /// Where that job stands; `None` when there was none or its row is pruned.
    pub last_state: Option<String>,
}

impl ScheduleView {
    /// The job that was enqueued last.
    pub fn last_job(&self) -> Option<JobId> {
        self.last_job.map(JobId::from)
    }
}

const VIEW: &str =
    "select s.name, s.kind, s.cron, s.enabled, case when s.enabled then s.next_due end as next_due,
                           s.last_due, s.last_run, s.last_job, j.state as last_state
                    from schedules s left join jobs j on j.id = s.last_job";

/// All schedules by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<ScheduleView>> {
    let sql = format!("{VIEW} order by s.name");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(tx.conn()).await?)
}

/// One schedule.
pub async fn get(tx: &mut Tx, name: &str) -> Result<Option<ScheduleView>> {
    let sql = format!("{VIEW} where s.name = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(name).fetch_optional(tx.conn()).await?)
}

/// The database's time, by which the next tick is reckoned.
pub async fn now(tx: &mut Tx) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar("select clock_timestamp()").fetch_one(tx.conn()).await?)
}

/// Whether a schedule is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Its ticks are run.
    On,
    /// They are not, and are not made up for later.
    Off,
}

/// Changes a schedule, whose next tick is `next_due` from now on. `false`: there is none of that name.
pub async fn change(
    tx: &mut Tx,
    name: &str,
    cron: &Expression,
    switch: Switch,
    next_due: DateTime<Utc>,
) -> Result<bool> {
    let changed = sqlx::query(
        "update schedules set cron = $2, enabled = $3, next_due = $4, updated_at = now() where name = $1",
    )
    .bind(name)
    .bind(cron.as_str())
    .bind(switch == Switch::On)
    .bind(next_due)
    .execute(tx.conn())
    .await?;
    Ok(changed.rows_affected() > 0)
}

/// Enqueues its job now, whether it is on or off; the next tick stays as it was. `None`: there is no schedule
/// of that name whose kind this version knows.
pub async fn run_now(tx: &mut Tx, acts_for: impl Into<ActsFor>, name: &str) -> Result<Option<Enqueued>> {
    let Some(schedule) = get(tx, name).await? else { return Ok(None) };
    let Some(enqueued) = enqueue_kind(tx, acts_for.into(), &schedule.kind).await? else { return Ok(None) };
    sqlx::query("update schedules set last_run = clock_timestamp(), last_job = $2 where name = $1")
        .bind(name)
        .bind(enqueued.id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(Some(enqueued))
}

/// The kinds that can be scheduled: those that need no payload. `None` for any other.
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
