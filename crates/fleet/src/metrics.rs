//! Gauges that are read from the database: the queue, the containers and this process's connections.
//!
//! Every process that serves metrics reads them, and all report the same values: use `max`, not the sum. So the values
//! stay as long as any process does. What can be counted where it happens does not belong here.

use crate::{Result, Services};
use domain::lifecycle::Observed;
use std::{collections::HashSet, sync::Arc, time::Duration};
use store::overview;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often they are read; Prometheus scrapes about as often.
const READ_INTERVAL: Duration = Duration::from_secs(10);

/// Updates the gauges for as long as the process lives; the caller spawns it.
pub async fn run(services: Arc<Services>) {
    let mut ticks = interval(READ_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut versions = HashSet::new();
    loop {
        ticks.tick().await;
        set_connections(&services);
        let read = timeout(READ_INTERVAL, set_from_database(&services, &mut versions)).await;
        telemetry::DATABASE_UP.set([], if matches!(read, Ok(Ok(()))) { 1.0 } else { 0.0 });
        if let Ok(Err(error)) = read {
            tracing::debug!(%error, "gauges could not be read");
        }
    }
}

fn set_connections(services: &Services) {
    let now = services.store.connections();
    telemetry::CONNECTIONS.set(["busy"], now.busy.into());
    telemetry::CONNECTIONS.set(["idle"], now.idle.into());
    telemetry::MAX_CONNECTIONS.set([], now.max.into());
}

/// `versions` are those that workers had before: a version without workers is set to zero.
async fn set_from_database(services: &Services, versions: &mut HashSet<String>) -> Result<()> {
    let mut tx = services.store.system("gauges of the metrics").await?;
    let containers = overview::count_by_state(&mut tx).await?;
    let unfinished = ::jobs::metrics::unfinished(&mut tx).await?;
    let oldest = ::jobs::metrics::oldest_due(&mut tx).await?;
    let workers = ::jobs::metrics::workers(&mut tx).await?;
    drop(tx);
    for state in Observed::ALL {
        let count = containers.iter().find(|(of, _)| *of == state).map_or(0, |(_, count)| *count);
        telemetry::CONTAINERS.set([state.as_str()], number(count));
    }
    for row in unfinished {
        telemetry::JOBS.set([&row.kind, &row.lane, "queued"], number(row.queued));
        telemetry::JOBS.set([&row.kind, &row.lane, "running"], number(row.running));
    }
    for (lane, seconds) in oldest {
        telemetry::OLDEST_DUE_JOB_SECONDS.set([&lane], seconds);
    }
    // Also without a worker: an alert needs a zero.
    versions.insert(env!("CARGO_PKG_VERSION").to_owned());
    versions.extend(workers.iter().map(|(version, _)| version.clone()));
    for version in &*versions {
        let count = workers.iter().find(|(of, _)| of == version).map_or(0, |(_, count)| *count);
        telemetry::WORKERS.set([version], number(count));
    }
    Ok(())
}

/// Exact: counts are far below the range in which a float rounds.
fn number(count: i64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
