//! Taking due jobs under a lease, and knowing when the next one is due.

use super::{Engine, Leased};
use crate::{Lane, Result};
use domain::{JobId, Person, Role, TraceParent, UserId};
use sqlx::{
    FromRow, Row,
    postgres::{PgRow, types::PgInterval},
};
use std::time::Duration;
use uuid::Uuid;

/// With whose rights a job runs, as of its claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// With those of its owner, who is not disabled.
    Owner(Person),
    /// With the product's own.
    System,
}

/// A job as a worker sees it: raw, because a payload that cannot be read must fail one job and not a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its id.
    pub id: JobId,
    /// What it does.
    pub kind: String,
    /// JSON as stored.
    pub payload: String,
    /// Which claim, from 1.
    pub attempt: i32,
    /// Attempts that failed before.
    pub failures: u32,
    /// Whose thing it is about.
    pub owner: Option<UserId>,
    /// With whose rights it runs.
    pub acting: Acting,
    /// The trace of the request that asked for it.
    pub trace: Option<TraceParent>,
}

impl FromRow<'_, PgRow> for Claimed {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let owner = row.try_get::<Option<Uuid>, _>("owner_id")?.map(UserId::from);
        let for_user = row.try_get::<&str, _>("acts_for")? == "user";
        let role: Option<&str> = row.try_get("owner_role")?;
        let acting = match owner.filter(|_| for_user) {
            Some(id) => Acting::Owner(Person { id, role: Role::from_stored(role.unwrap_or_default()) }),
            None => Acting::System,
        };
        Ok(Self {
            id: row.try_get::<Uuid, _>("id")?.into(),
            kind: row.try_get("kind")?,
            payload: row.try_get("payload")?,
            attempt: row.try_get("attempt")?,
            failures: u32::try_from(row.try_get::<i32, _>("failures")?).unwrap_or_default(),
            owner,
            acting,
            trace: row.try_get::<Option<&str>, _>("trace_parent")?.and_then(TraceParent::parse),
        })
    }
}

/// Leases up to `limit` due jobs. Those of disabled users are cancelled on the way.
pub(super) async fn claim(engine: &Engine, lane: Lane, limit: usize) -> Result<Vec<Leased>> {
    let profile = engine.profile();
    // A claim that a crash of Postgres forgets is made again: not worth waiting for the disk (ADR 0021).
    let relaxed = "select c.*, set_config('synchronous_commit', 'off', true) \
                   from claim_jobs($1, $2, $3, $4, $5) c";
    let claimed: Vec<Claimed> = sqlx::query_as(relaxed)
        .bind(lane.as_str())
        .bind(&profile.kinds)
        .bind(profile.worker.uuid())
        .bind(interval(profile.lease))
        .bind(i32::try_from(limit).unwrap_or(i32::MAX))
        .fetch_all(&engine.inner.pool)
        .await?;
    let leases = &engine.inner.leases;
    Ok(claimed
        .into_iter()
        .filter_map(|job| Some(Leased { lease: leases.grant(job.id, job.attempt, lane)?, job }))
        .collect())
}

/// How long until a job of the lane may start; zero when one is overdue, `None` when none waits or none may
/// start at all.
pub(super) async fn next_due(engine: &Engine, lane: Lane) -> Result<Option<Duration>> {
    let seconds: Option<f64> = sqlx::query_scalar("select next_job_due($1, $2)")
        .bind(lane.as_str())
        .bind(&engine.profile().kinds)
        .fetch_one(&engine.inner.pool)
        .await?;
    Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)))
}

pub(super) fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX) }
}
