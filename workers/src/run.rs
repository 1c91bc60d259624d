//! The life of a worker process: run jobs until the shutdown, drain, hand back what is left.

use crate::{
    Registry, WorkerConfig,
    attempt::{STOP_GRACE_PERIOD, WorkerState},
    lanes, schedules,
};
use jobs::{
    Store,
    engine::{Engine, Profile, StopReason},
};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long recording the last results may take when the process ends.
const LAST_RESULTS_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a worker process could not run, or did not end in order.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("a worker needs at least one lane")]
    NoLanes,
    /// The lanes' workers ended before the shutdown.
    #[error("the lanes' workers ended: {0}")]
    Lanes(String),
}

/// Claims and runs jobs until `shutdown`, then drains: running jobs may go on for `config.drain_timeout`, are then
/// told to stop, and are handed back if they do. Returns when no part of it runs any more, at most about ten seconds
/// after the drain timeout, even if the database is not available.
pub async fn run(
    store: &Store,
    registry: Registry,
    config: WorkerConfig,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    if config.lanes.is_empty() {
        return Err(RunError::NoLanes);
    }
    let engine = Engine::new(store, profile(&config, &registry));
    let end_background = CancellationToken::new();
    let background = boot::spawn_named("job engine", {
        let (engine, until) = (engine.clone(), end_background.clone());
        async move { engine.run_background(until).await }
    });
    let state = Arc::new(WorkerState { engine: engine.clone(), registry });
    let signal = shutdown.clone();
    let monitor = lanes::monitor(&state).run_with_signal(async move {
        signal.cancelled().await;
        Ok(())
    });
    let ended = tokio::select! {
        ended = monitor => ended.map_err(|error| RunError::Lanes(error.to_string())),
        never = enforce_drain_timeout(&engine, config.drain_timeout, &shutdown, &end_background) => match never {},
        never = schedules::run(store, &engine.profile().kinds, &shutdown) => match never {},
    };
    if tokio::time::timeout(LAST_RESULTS_TIMEOUT, engine.shutdown()).await.is_err() {
        tracing::warn!(
            "the database is not available: the jobs of this worker are taken over when their leases lapse"
        );
    }
    end_background.cancel();
    // It ends at the token. A panic in it has been logged.
    let _ = background.await;
    ended
}

/// After the shutdown began: tells the handlers to stop after the drain timeout, and ends the background work if
/// their results cannot be recorded in time.
async fn enforce_drain_timeout(
    engine: &Engine,
    drain_timeout: Duration,
    shutdown: &CancellationToken,
    end_background: &CancellationToken,
) -> Infallible {
    shutdown.cancelled().await;
    tokio::time::sleep(drain_timeout).await;
    engine.stop_all(StopReason::Shutdown);
    tokio::time::sleep(STOP_GRACE_PERIOD + LAST_RESULTS_TIMEOUT).await;
    end_background.cancel();
    std::future::pending().await
}

fn profile(config: &WorkerConfig, registry: &Registry) -> Profile {
    Profile {
        worker: config.worker,
        host: config.host.clone(),
        version: config.version,
        lanes: config.lanes.clone(),
        kinds: registry.kinds().into_iter().map(str::to_owned).collect(),
        lease_duration: config.lease_duration,
        poll_interval: config.poll_interval,
    }
}
