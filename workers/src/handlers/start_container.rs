//! `start-container`.

use super::{Tools, start_outcome};
use crate::JobContext;
use fleet::containers::{self, StartFailure};
use jobs::{Job, Outcome, kinds::StartContainer};

/// Brings the container up. When the queue will not try again, the row says why it failed.
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
    let Err(failure) = containers::bring_up(services, engine.as_ref(), *placement, job, id).await else {
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
    give_up(tools, id, &failure).await
}

async fn give_up(tools: &Tools, id: domain::ContainerId, failure: &StartFailure) -> Outcome {
    if let Err(error) = containers::give_up(&tools.services, tools.engine.as_ref(), id, failure).await {
        // Not told to whoever waits: better tried again.
        return super::outcome(error);
    }
    Outcome::fail(format!("{} {}", failure.title, failure.detail))
}
