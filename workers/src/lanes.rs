//! One apalis worker per lane, watched by one monitor.

use crate::attempt::{self, Shop};
use apalis::{
    layers::WorkerBuilderExt,
    prelude::{Monitor, ParallelizeExt, WorkerBuilder},
};
use jobs::engine::Leased;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The monitor of all lanes of the process. A worker that ends by a fault is started again.
pub(crate) fn monitor(shop: &Arc<Shop>) -> Monitor {
    let profile = shop.engine.profile();
    let watched = Monitor::new().should_restart(|worker, error| {
        tracing::error!(worker = worker.name(), %error, "a lane's worker ended by a fault; starting it again");
        true
    });
    profile.lanes.iter().fold(watched, |monitor, (lane, slots)| {
        let (lane, slots) = (*lane, slots.get());
        let name = format!("{}/{lane}", profile.worker);
        let shop = Arc::clone(shop);
        monitor.register(move |_restarts| {
            let shop = Arc::clone(&shop);
            WorkerBuilder::new(name.clone())
                .backend(shop.engine.lane(lane))
                .concurrency(slots)
                // A handler that computes for long must not hold up the lane's loop.
                .parallelize(spawn)
                .build(move |leased: Leased| attempt::run(Arc::clone(&shop), leased))
        })
    })
}

fn spawn<F>(attempt: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    boot::spawn_named("job", attempt)
}
