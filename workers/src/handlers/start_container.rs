//! `start-container`.

use super::{Tools, start_outcome};
use crate::JobContext;
use fleet::containers::{self, StartFailure};
use jobs::{Job, Outcome, kinds::StartContainer};

/// Starts the container. If the queue will not try again, the container's row says why the start failed, or what it
/// waits for.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: StartContainer) -> Outcome {
    start(&tools, &job, payload.container_id, StartContainer::policy().max_attempts).await
}

/// Shared with `restart-container`.
pub(super) async fn start(
    tools: &Tools,
    job: &JobContext,
    id: domain::ContainerId,
    max_attempts: u32,
) -> Outcome {
    let Tools { services, engine, placement, .. } = tools;
    let Err(failure) = containers::reconcile_start(services, engine.as_ref(), *placement, job, id).await
    else {
        return Outcome::Done;
    };
    if job.cancel().is_cancelled() {
        // Not a failure: the process ends, or another worker has the job.
        return Outcome::Cancelled;
    }
    let last = job.failures() + 1 >= max_attempts;
    if failure.is_transient && !last {
        return start_outcome(&failure);
    }
    if failure.is_host_failure {
        defer_start(tools, job, id, &failure).await
    } else {
        fail_start(tools, id, &failure).await
    }
}

/// This job is done; another one starts the container later, as with a start in the admission queue.
async fn defer_start(
    tools: &Tools,
    job: &JobContext,
    id: domain::ContainerId,
    failure: &StartFailure,
) -> Outcome {
    job.phase("put off").await;
    match containers::defer_start(&tools.services, id, failure).await {
        Ok(()) => Outcome::Done,
        Err(error) => super::outcome(error),
    }
}

async fn fail_start(tools: &Tools, id: domain::ContainerId, failure: &StartFailure) -> Outcome {
    if let Err(error) = containers::fail_start(&tools.services, tools.engine.as_ref(), id, failure).await {
        // Those who wait for the container have not been told yet: try again.
        return super::outcome(error);
    }
    Outcome::fail(format!("{} {}", failure.title, failure.detail))
}
