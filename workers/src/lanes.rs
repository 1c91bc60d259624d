//! One apalis worker per lane, supervised by one monitor.

use crate::attempt::{self, WorkerState};
use apalis::{
    layers::WorkerBuilderExt,
    prelude::{Monitor, ParallelizeExt, WorkerBuilder},
};
use jobs::engine::LeasedJob;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The monitor of all lanes of the process. It restarts a worker that ends with an error.
pub(crate) fn monitor(state: &Arc<WorkerState>) -> Monitor {
    let profile = state.engine.profile();
    let monitor = Monitor::new().should_restart(|worker, error| {
        tracing::error!(worker = worker.name(), %error, "a lane's worker ended with an error; restarting it");
        true
    });
    profile.lanes.iter().fold(monitor, |monitor, (lane, slots)| {
        let (lane, slots) = (*lane, slots.get());
        let name = format!("{}/{lane}", profile.worker);
        let state = Arc::clone(state);
        monitor.register(move |_restarts| {
            let state = Arc::clone(&state);
            WorkerBuilder::new(name.clone())
                .backend(state.engine.lane(lane))
                .concurrency(slots)
                // A handler that computes for long must not block the lane's loop.
                .parallelize(spawn)
                .build(move |job: LeasedJob| attempt::run(Arc::clone(&state), job))
        })
    })
}

fn spawn<F>(attempt: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    boot::spawn_named("job", attempt)
}
