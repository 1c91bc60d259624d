//! `restart-container`.

use super::{Tools, start_container, start_outcome};
use crate::JobContext;
use jobs::{Job, Outcome, kinds::RestartContainer};

/// Removes the container and brings a new one up; the state volume stays.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: RestartContainer) -> Outcome {
    let id = payload.container_id;
    if let Err(failure) = fleet::containers::discard(&tools.services, tools.engine.as_ref(), id).await {
        return start_outcome(&failure);
    }
    start_container::bring_up(&tools, &job, id, RestartContainer::policy().max_attempts).await
}
