//! `start-container`.

use super::{Tools, start_outcome};
use crate::JobContext;
use fleet::containers::{self, StartFailure};
use jobs::{Job, Outcome, kinds::StartContainer};

/// Brings the container up. When the queue will not try again, the row says why it failed,
/// or what it waits for.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: StartContainer) -> Outcome {
    bring_up(&tools, &job, payload.container_id, StartContainer::policy().max_attempts).await
}

/// Shared with `restart-container`.
pub(super) async fn bring_up(
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
        // Not a failure: the process ends, or another worker has it.
        return Outcome::Cancelled;
    }
    let last = job.failures() + 1 >= max_attempts;
    if failure.passing && !last {
        return start_outcome(&failure);
    }
    if failure.of_the_host {
        defer_start(tools, job, id, &failure).await
    } else {
        fail_start(tools, id, &failure).await
    }
}

/// Nothing more to do here: as with a start that waits for its place, another job does it.
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
        // Not told to whoever waits: better tried again.
        return super::outcome(error);
    }
    Outcome::fail(format!("{} {}", failure.title, failure.detail))
}
