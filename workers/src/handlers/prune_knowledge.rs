//! `prune-knowledge`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::PruneKnowledge};

/// Deletes findings and memories that have expired.
pub(super) async fn handle(tools: Tools, job: JobContext, PruneKnowledge {}: PruneKnowledge) -> Outcome {
    match fleet::knowledge::prune(&tools.services, &job).await {
        Ok(pruned) => {
            tracing::debug!(pruned, "deleted expired findings and memories");
            Outcome::Done
        }
        Err(error) => outcome(error),
    }
}
