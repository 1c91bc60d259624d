//! `warm-up`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::WarmUp};

/// Warms up a new container, unless someone is already chatting with it.
pub(super) async fn handle(tools: Tools, _job: JobContext, payload: WarmUp) -> Outcome {
    match fleet::containers::warm_up(&tools.services, payload.container_id).await {
        Ok(()) => Outcome::Done,
        Err(error) => outcome(error),
    }
}
