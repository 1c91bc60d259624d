//! Runs of the isolation self-test.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::JobId;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

/// How many runs are kept.
const KEPT: i64 = 20;

/// A run.
#[derive(Debug, Clone, FromRow)]
pub struct Run {
    /// The job that runs it.
    #[sqlx(try_from = "Uuid")]
    pub job_id: JobId,
    /// When it was (last) asked for.
    pub asked_at: DateTime<Utc>,
    /// Begin of the last attempt.
    pub started_at: Option<DateTime<Utc>>,
    /// When it had a result.
    pub finished_at: Option<DateTime<Utc>>,
    /// Whether the walls hold.
    pub enforced: Option<bool>,
    /// The result in one sentence.
    pub summary: String,
    /// JSON array of `domain::isolation::Check`.
    pub checks: Value,
}

/// Notes that the job was asked for; asked again before it began, it stays one run.
pub async fn ask(tx: &mut Tx, job: JobId) -> Result<()> {
    sqlx::query(
        "insert into isolation_tests (job_id) values ($1)
         on conflict (job_id) do update set asked_at = clock_timestamp(), finished_at = null",
    )
    .bind(job.uuid())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that an attempt begins.
pub async fn begin(tx: &mut Tx, job: JobId) -> Result<()> {
    sqlx::query(
        "insert into isolation_tests (job_id, started_at) values ($1, clock_timestamp())
         on conflict (job_id) do update set started_at = clock_timestamp(), finished_at = null",
    )
    .bind(job.uuid())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Stores what came of it, and forgets runs of long ago.
pub async fn finish(
    tx: &mut Tx,
    job: JobId,
    enforced: Option<bool>,
    summary: &str,
    checks: &Value,
) -> Result<()> {
    sqlx::query(
        "update isolation_tests set finished_at = clock_timestamp(), enforced = $2, summary = $3, checks = $4
         where job_id = $1",
    )
    .bind(job.uuid())
    .bind(enforced)
    .bind(summary)
    .bind(checks)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "delete from isolation_tests where job_id not in
             (select job_id from isolation_tests order by asked_at desc limit $1)",
    )
    .bind(KEPT)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The run that was asked for last.
pub async fn latest(tx: &mut Tx) -> Result<Option<Run>> {
    Ok(sqlx::query_as(
        "select job_id, asked_at, started_at, finished_at, enforced, summary, checks
         from isolation_tests order by asked_at desc limit 1",
    )
    .fetch_optional(tx.conn())
    .await?)
}
