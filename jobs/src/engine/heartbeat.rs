//! Heartbeats, and taking over the jobs of workers that fell silent.
//!
//! One task per process, separate from apalis's loop, which sends no heartbeats while a worker drains. The
//! database decides, in the same statement and by its own clock, whether this process may take leases away: only
//! if this worker's heartbeats arrived without a gap for a whole lease. After an outage no worker is steady, and
//! all have the time to renew what they hold.

use super::{AttemptId, Engine, StopReason};
use crate::Result;
use domain::JobId;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior};

/// A job that lost its worker this often is dead: it may be what kills them.
const MAX_LOST_LEASES: i32 = 20;

/// Renews the leases three times per lease duration and sweeps more often, for as long as it is polled.
pub(super) async fn run(engine: &Engine) {
    let lease_duration = engine.profile().lease_duration;
    let mut ticks = tokio::time::interval((lease_duration / 6).min(Duration::from_secs(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut renewal_due = Instant::now();
    loop {
        ticks.tick().await;
        if Instant::now() >= renewal_due {
            match renew(engine).await {
                Ok(()) => renewal_due = Instant::now() + lease_duration / 3,
                Err(error) => tracing::warn!(%error, "the heartbeat failed: leases are not renewed"),
            }
        }
        match sweep(engine).await {
            Ok(0) => {}
            Ok(jobs) => tracing::warn!(jobs, "took over jobs from workers that fell silent"),
            Err(error) => tracing::debug!(%error, "the sweep for lapsed leases failed"),
        }
    }
}

/// Tells the database that this process is alive and which jobs it holds; stops the handlers whose lease was lost
/// or whose job was cancelled.
pub(super) async fn renew(engine: &Engine) -> Result<()> {
    let profile = engine.profile();
    let lanes: BTreeMap<&str, usize> =
        profile.lanes.iter().map(|(lane, slots)| (lane.as_str(), slots.get())).collect();
    let held = engine.inner.leases.attempt_ids();
    let renewed = sqlx::query_file!(
        "src/engine/sql/heartbeat.sql",
        profile.worker.uuid(),
        profile.host,
        i32::try_from(std::process::id()).unwrap_or_default(),
        profile.version,
        serde_json::json!(lanes),
        profile.lease_duration.as_secs_f64(),
        &held.iter().map(|id| id.job.uuid()).collect::<Vec<_>>(),
        &held.iter().map(|id| id.attempt).collect::<Vec<_>>(),
    )
    .fetch_all(&engine.inner.pool)
    .await?;
    let renewed: HashMap<AttemptId, bool> = renewed
        .into_iter()
        .map(|row| (AttemptId { job: JobId::from(row.id), attempt: row.attempt }, row.cancel_requested))
        .collect();
    for attempt_id in held {
        match renewed.get(&attempt_id) {
            Some(false) => {}
            Some(true) => engine.inner.leases.stop(attempt_id, StopReason::Cancelled),
            // This includes a job that was settled a moment ago: its token has no listener any more.
            None => engine.inner.leases.stop(attempt_id, StopReason::LeaseLost),
        }
    }
    Ok(())
}

/// Puts jobs whose lease has lapsed back into the queue. Returns their number.
async fn sweep(engine: &Engine) -> Result<usize> {
    let profile = engine.profile();
    let lapsed = sqlx::query_file!(
        "src/engine/sql/sweep.sql",
        profile.worker.uuid(),
        profile.lease_duration.as_secs_f64(),
        MAX_LOST_LEASES,
    )
    .fetch_all(&engine.inner.pool)
    .await?;
    lapsed.iter().for_each(|job| telemetry::LOST_LEASES.increment([&job.kind]));
    Ok(lapsed.len())
}

/// Records that this worker shut down in order.
pub(super) async fn mark_stopped(engine: &Engine) -> Result<()> {
    sqlx::query!(
        "update workers set stopped_at = now(), last_seen = now() where id = $1",
        engine.profile().worker.uuid(),
    )
    .execute(&engine.inner.pool)
    .await?;
    Ok(())
}
