//! Heartbeats, and taking over what silent workers left.
//!
//! One task per process, apart from apalis's loop, which does not beat while a worker drains. Whether this
//! process may take leases away is decided by the database in the same statement, by its own clock: only when
//! this worker's beats came without a gap for a whole lease. After an outage nobody is steady, and everybody
//! has the time to renew what he holds.

use super::{Engine, Stop, Ticket};
use crate::Result;
use domain::JobId;
use sqlx::types::Json;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

/// A job whose workers vanished this often is dead: it may be what kills them.
const LOST_LEASES: i32 = 20;

/// Renews three times per lease and sweeps more often, for as long as it is polled.
pub(super) async fn beat(engine: &Engine) {
    let lease = engine.profile().lease;
    let mut ticks = tokio::time::interval((lease / 6).min(Duration::from_secs(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut beat_due = Instant::now();
    loop {
        ticks.tick().await;
        if Instant::now() >= beat_due {
            match renew(engine).await {
                Ok(()) => beat_due = Instant::now() + lease / 3,
                Err(error) => tracing::warn!(%error, "no heartbeat: leases are not renewed"),
            }
        }
        match sweep(engine).await {
            Ok(0) => {}
            Ok(jobs) => tracing::warn!(jobs, "took jobs over from workers that fell silent"),
            Err(error) => tracing::debug!(%error, "no sweep"),
        }
    }
}

/// Says that this process lives and what it holds; learns what it lost and what was cancelled.
pub(super) async fn renew(engine: &Engine) -> Result<()> {
    let profile = engine.profile();
    let lanes: BTreeMap<&str, usize> =
        profile.lanes.iter().map(|(lane, slots)| (lane.as_str(), slots.get())).collect();
    let held = engine.inner.leases.tickets();
    let kept: Vec<(Uuid, i32, bool)> = sqlx::query_as(include_str!("sql/heartbeat.sql"))
        .bind(profile.worker.uuid())
        .bind(&profile.host)
        .bind(i32::try_from(std::process::id()).unwrap_or_default())
        .bind(profile.version)
        .bind(Json(lanes))
        .bind(profile.lease.as_secs_f64())
        .bind(held.iter().map(|ticket| ticket.job.uuid()).collect::<Vec<_>>())
        .bind(held.iter().map(|ticket| ticket.attempt).collect::<Vec<_>>())
        .fetch_all(&engine.inner.pool)
        .await?;
    let kept: HashMap<_, _> = kept
        .into_iter()
        .map(|(job, attempt, cancel)| (Ticket { job: JobId::from(job), attempt }, cancel))
        .collect();
    for ticket in held {
        match kept.get(&ticket) {
            Some(false) => {}
            Some(true) => engine.inner.leases.stop(ticket, Stop::Cancelled),
            // Also a job that was settled a moment ago: nobody listens to its token any more.
            None => engine.inner.leases.stop(ticket, Stop::LeaseLost),
        }
    }
    Ok(())
}

/// Puts jobs whose lease lapsed back into the queue. Answers how many.
async fn sweep(engine: &Engine) -> Result<usize> {
    let profile = engine.profile();
    let swept: Vec<(String,)> = sqlx::query_as(include_str!("sql/sweep.sql"))
        .bind(profile.worker.uuid())
        .bind(profile.lease.as_secs_f64())
        .bind(LOST_LEASES)
        .fetch_all(&engine.inner.pool)
        .await?;
    swept.iter().for_each(|(kind,)| telemetry::LEASES_LOST.increment([kind]));
    Ok(swept.len())
}

/// The orderly end of this worker.
pub(super) async fn sign_off(engine: &Engine) -> Result<()> {
    sqlx::query("update workers set stopped_at = now(), last_seen = now() where id = $1")
        .bind(engine.profile().worker.uuid())
        .execute(&engine.inner.pool)
        .await?;
    Ok(())
}
