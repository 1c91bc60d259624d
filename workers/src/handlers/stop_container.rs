//! `stop-container`.

use super::{Tools, start_outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::StopContainer};

/// Takes the container down, if that is still wanted.
pub(super) async fn handle(tools: Tools, _job: JobContext, payload: StopContainer) -> Outcome {
    let down =
        fleet::containers::reconcile_stop(&tools.services, tools.engine.as_ref(), payload.container_id).await;
    down.map_or_else(|failure| start_outcome(&failure), |()| Outcome::Done)
}
