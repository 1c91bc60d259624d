//! `stop-container`.

use super::{Tools, start_outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::StopContainer};

/// Stops the container, if its row still asks for that.
pub(super) async fn handle(tools: Tools, _job: JobContext, payload: StopContainer) -> Outcome {
    let Tools { services, engine, .. } = &tools;
    let archive = |user| fleet::conversations::archive_before_stop(services, user);
    match fleet::containers::reconcile_stop(services, engine.as_ref(), payload.container_id, archive).await {
        Ok(()) => Outcome::Done,
        Err(failure) => start_outcome(&failure),
    }
}
