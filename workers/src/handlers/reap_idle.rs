//! `reap-idle`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::ReapIdle};

/// Enqueues a stop for every idle container.
pub(super) async fn handle(tools: Tools, _job: JobContext, _payload: ReapIdle) -> Outcome {
    match fleet::containers::reap(&tools.services, tools.engine.as_ref()).await {
        Ok(stopped) => {
            tracing::info!(stopped, "stopped idle containers");
            Outcome::Done
        }
        Err(error) => outcome(error),
    }
}
