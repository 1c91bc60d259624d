//! Runs of the isolation self-test.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::JobId;
use serde_json::Value;

/// How many runs are kept.
const MAX_RUNS: i64 = 20;

#[derive(Debug, Clone)]
pub struct Run {
    /// The job that runs it.
    pub job_id: JobId,
    /// When it was last requested.
    pub asked_at: DateTime<Utc>,
    /// Start of the last attempt.
    pub started_at: Option<DateTime<Utc>>,
    /// When it had a result.
    pub finished_at: Option<DateTime<Utc>>,
    /// Whether containers are isolated.
    pub enforced: Option<bool>,
    /// The result in one sentence.
    pub summary: String,
    /// JSON array of `domain::isolation::Check`.
    pub checks: Value,
}

/// Records that the job was requested. A second request before it began belongs to the same run.
pub async fn request(tx: &mut Tx, job: JobId) -> Result<()> {
    sqlx::query!(
        "insert into isolation_tests (job_id) values ($1)
         on conflict (job_id) do update set asked_at = clock_timestamp(), finished_at = null",
        job.uuid(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records that an attempt begins.
pub async fn begin(tx: &mut Tx, job: JobId) -> Result<()> {
    sqlx::query!(
        "insert into isolation_tests (job_id, started_at) values ($1, clock_timestamp())
         on conflict (job_id) do update set started_at = clock_timestamp(), finished_at = null",
        job.uuid(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Stores the result, and deletes the oldest runs.
pub async fn finish(
    tx: &mut Tx,
    job: JobId,
    enforced: Option<bool>,
    summary: &str,
    checks: &Value,
) -> Result<()> {
    sqlx::query!(
        "update isolation_tests set finished_at = clock_timestamp(), enforced = $2, summary = $3, checks = $4
         where job_id = $1",
        job.uuid(),
        enforced,
        summary,
        checks,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from isolation_tests where job_id not in
             (select job_id from isolation_tests order by asked_at desc limit $1)",
        MAX_RUNS,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The run that was requested last.
pub async fn latest(tx: &mut Tx) -> Result<Option<Run>> {
    Ok(sqlx::query_as!(
        Run,
        "select job_id, asked_at, started_at, finished_at, enforced, summary, checks
         from isolation_tests order by asked_at desc limit 1",
    )
    .fetch_optional(tx.conn())
    .await?)
}
