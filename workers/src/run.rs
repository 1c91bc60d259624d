//! The life of a worker process: take jobs until told to stop, drain, hand back what is left.

use crate::{
    Registry, WorkerConfig,
    attempt::{GRACE, Shop},
    lanes, schedules,
};
use jobs::{
    Store,
    engine::{Engine, Profile, Stop},
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long recording the last results may take when the process ends.
const RECORDING: Duration = Duration::from_secs(5);

/// Why a worker process could not run or end in order.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No lane was named.
    #[error("a worker needs at least one lane")]
    NoLanes,
    /// The lanes' workers ended by themselves.
    #[error("the lanes' workers ended: {0}")]
    Lanes(String),
}

/// Takes and runs jobs until `shutdown`, then drains: running jobs may go on for `config.drain`, are told to
/// stop then, and are handed back if they do. Returns when nothing of it runs any more, at the latest about
/// ten seconds after the drain limit, also when the database is away.
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
    let over = CancellationToken::new();
    let keeper = boot::spawn_named("job engine", {
        let (engine, over) = (engine.clone(), over.clone());
        async move { engine.keep(over).await }
    });
    let shop = Arc::new(Shop { engine: engine.clone(), registry });
    let told = shutdown.clone();
    let monitor = lanes::monitor(&shop).run_with_signal(async move {
        told.cancelled().await;
        Ok(())
    });
    let ended = tokio::select! {
        ended = monitor => ended.map_err(|error| RunError::Lanes(error.to_string())),
        never = limit(&engine, config.drain, &shutdown, &over) => match never {},
        never = schedules::keep(store, &engine.profile().kinds, &shutdown) => match never {},
    };
    if tokio::time::timeout(RECORDING, engine.leave()).await.is_err() {
        tracing::warn!("the database is away: what this worker held is taken over when its leases lapse");
    }
    over.cancel();
    // It ends at the token; a panic in it was logged.
    let _ = keeper.await;
    ended
}

/// After the order to stop: the limit of draining, and the limit of recording.
async fn limit(
    engine: &Engine,
    drain: Duration,
    shutdown: &CancellationToken,
    over: &CancellationToken,
) -> std::convert::Infallible {
    shutdown.cancelled().await;
    tokio::time::sleep(drain).await;
    engine.stop_all(Stop::Shutdown);
    tokio::time::sleep(GRACE + RECORDING).await;
    over.cancel();
    std::future::pending().await
}

fn profile(config: &WorkerConfig, registry: &Registry) -> Profile {
    Profile {
        worker: config.worker,
        host: config.host.clone(),
        version: config.version,
        lanes: config.lanes.clone(),
        kinds: registry.kinds().into_iter().map(str::to_owned).collect(),
        lease: config.lease,
        poll: config.poll,
    }
}
