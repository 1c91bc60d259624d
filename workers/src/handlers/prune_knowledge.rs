//! `prune-knowledge`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::PruneKnowledge};

/// Deletes what nobody can see any more.
pub(super) async fn handle(tools: Tools, job: JobContext, PruneKnowledge {}: PruneKnowledge) -> Outcome {
    match fleet::knowledge::prune(&tools.services, &job).await {
        Ok(pruned) => {
            tracing::debug!(pruned, "expired findings and memories deleted");
            Outcome::Done
        }
        Err(error) => outcome(error),
    }
}
