//! `prune-exports`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::PruneExports};

/// Deletes archives that have expired.
pub(super) async fn handle(tools: Tools, _job: JobContext, _payload: PruneExports) -> Outcome {
    match fleet::export::prune(&tools.services).await {
        Ok(pruned) => {
            tracing::info!(pruned, "deleted expired archives");
            Outcome::Done
        }
        Err(error) => outcome(error),
    }
}
