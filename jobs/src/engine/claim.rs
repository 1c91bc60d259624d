//! Claiming due jobs under a lease, and when the next one is due.

use super::{Engine, lease::Lease};
use crate::{Lane, Result};
use domain::{JobId, Person, Role, TraceParent, UserId};
use sqlx::postgres::types::PgInterval;
use std::time::Duration;

/// With whose rights a job runs, as of its claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsAs {
    /// With the rights of its owner, whose account is not disabled.
    Owner(Person),
    /// With the product's own rights.
    System,
}

/// A job as a worker sees it. Its payload is not parsed yet: one that cannot be parsed must fail its job and not
/// the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedJob {
    pub id: JobId,
    pub kind: String,
    /// JSON as stored.
    pub payload: String,
    /// Counts claims, from 1.
    pub attempt: i32,
    /// Attempts that failed before.
    pub failures: u32,
    /// The user whose data or container it is about.
    pub owner: Option<UserId>,
    pub runs_as: RunsAs,
    /// The trace of the request that enqueued it.
    pub trace: Option<TraceParent>,
}

/// A claimed job with its lease.
#[derive(Debug)]
pub struct LeasedJob {
    pub job: ClaimedJob,
    /// Renewed until it is dropped.
    pub lease: Lease,
}

/// Leases up to `limit` due jobs. Jobs of disabled users are cancelled instead.
pub(super) async fn claim(engine: &Engine, lane: Lane, limit: usize) -> Result<Vec<LeasedJob>> {
    let profile = engine.profile();
    let rows = sqlx::query_file!(
        "src/engine/sql/claim.sql",
        lane.as_str(),
        &profile.kinds,
        profile.worker.uuid(),
        interval(profile.lease_duration),
        i32::try_from(limit).unwrap_or(i32::MAX),
    )
    .fetch_all(&engine.inner.pool)
    .await?;
    let claimed = rows.into_iter().map(|row| {
        let owner = row.owner_id.map(UserId::from);
        let runs_as = match owner.filter(|_| row.acts_for == "user") {
            Some(id) => {
                let role = Role::from_stored(row.owner_role.as_deref().unwrap_or_default());
                RunsAs::Owner(Person { id, role })
            }
            None => RunsAs::System,
        };
        ClaimedJob {
            id: row.id.into(),
            kind: row.kind,
            payload: row.payload,
            attempt: row.attempt,
            failures: u32::try_from(row.failures).unwrap_or_default(),
            owner,
            runs_as,
            trace: row.trace_parent.as_deref().and_then(TraceParent::parse),
        }
    });
    let leases = &engine.inner.leases;
    Ok(claimed
        .filter_map(|job| Some(LeasedJob { lease: leases.grant(job.id, job.attempt, lane)?, job }))
        .collect())
}

/// How long until a job of the lane may start: zero if one is overdue, `None` if none waits or the lane is paused
/// or full.
pub(super) async fn next_due(engine: &Engine, lane: Lane) -> Result<Option<Duration>> {
    let seconds = sqlx::query_scalar!("select next_job_due($1, $2)", lane.as_str(), &engine.profile().kinds)
        .fetch_one(&engine.inner.pool)
        .await?;
    Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)))
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX) }
}
