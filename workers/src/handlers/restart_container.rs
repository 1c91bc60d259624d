//! `restart-container`.

use super::{Tools, start_container, start_outcome};
use crate::JobContext;
use jobs::{Job, Outcome, kinds::RestartContainer};

/// Removes the container and starts a new one; the state volume stays.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: RestartContainer) -> Outcome {
    let id = payload.container_id;
    let Tools { services, engine, .. } = &tools;
    let archive = |user| fleet::conversations::archive_before_stop(services, user);
    if let Err(failure) = fleet::containers::discard(services, engine.as_ref(), id, archive).await {
        return start_outcome(&failure);
    }
    start_container::start(&tools, &job, id, RestartContainer::policy().max_attempts).await
}
