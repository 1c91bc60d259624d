//! Figures that nobody counts as they happen: how the queue, the containers and this process's connections stand.
//!
//! Every process that serves metrics reads them from the database, and all say the same: take one of them (`max`), not
//! their sum. So the figures stay as long as any process does. It must not measure what can be counted where it happens.

use crate::{Result, Services};
use domain::lifecycle::Observed;
use std::{collections::HashSet, sync::Arc, time::Duration};
use store::overview;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often they are read; Prometheus asks about as often.
const EVERY: Duration = Duration::from_secs(10);

/// Reads them again and again, for as long as it is polled.
pub async fn keep(services: Arc<Services>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut versions = HashSet::new();
    loop {
        ticks.tick().await;
        connections(&services);
        let read = timeout(EVERY, read(&services, &mut versions)).await;
        telemetry::DATABASE_UP.set([], if matches!(read, Ok(Ok(()))) { 1.0 } else { 0.0 });
        if let Ok(Err(error)) = read {
            tracing::debug!(%error, "figures could not be read");
        }
    }
}

fn connections(services: &Services) {
    let now = services.store.connections();
    telemetry::CONNECTIONS.set(["busy"], now.busy.into());
    telemetry::CONNECTIONS.set(["idle"], now.idle.into());
    telemetry::CONNECTIONS_MOST.set([], now.most.into());
}

/// `versions` are those that workers had before: one that is gone has none, and does not stay as it was.
async fn read(services: &Services, versions: &mut HashSet<String>) -> Result<()> {
    let mut tx = services.store.system("figures for whoever watches the product").await?;
    let containers = overview::states(&mut tx).await?;
    let unfinished = ::jobs::metrics::unfinished(&mut tx).await?;
    let oldest = ::jobs::metrics::oldest_due(&mut tx).await?;
    let workers = ::jobs::metrics::workers(&mut tx).await?;
    drop(tx);
    for state in Observed::ALL.map(Observed::as_str) {
        let count = containers.iter().find(|(of, _)| of == state).map_or(0, |(_, count)| *count);
        telemetry::CONTAINERS.set([state], number(count));
    }
    for row in unfinished {
        telemetry::JOBS.set([&row.kind, &row.lane, "queued"], number(row.queued));
        telemetry::JOBS.set([&row.kind, &row.lane, "running"], number(row.running));
    }
    for (lane, seconds) in oldest {
        telemetry::JOBS_OLDEST.set([&lane], seconds);
    }
    // Also when none lives: an alert needs a zero to look at.
    versions.insert(env!("CARGO_PKG_VERSION").to_owned());
    versions.extend(workers.iter().map(|(version, _)| version.clone()));
    for version in &*versions {
        let count = workers.iter().find(|(of, _)| of == version).map_or(0, |(_, count)| *count);
        telemetry::WORKERS.set([version], number(count));
    }
    Ok(())
}

/// Counts are far below where a float would round them.
fn number(count: i64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
