//! `sweep-containers`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::SweepContainers};

/// Compares containers with their rows and repairs the differences.
pub(super) async fn handle(tools: Tools, _job: JobContext, _payload: SweepContainers) -> Outcome {
    match fleet::containers::sweep(&tools.services, tools.engine.as_ref()).await {
        Ok(repaired) => {
            tracing::info!(repaired, "compared containers with their rows");
            Outcome::Done
        }
        Err(error) => outcome(error),
    }
}
