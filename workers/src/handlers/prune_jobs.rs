//! `prune-jobs`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::PruneJobs};

/// Deletes old jobs from the history.
pub(super) async fn handle(tools: Tools, job: JobContext, _payload: PruneJobs) -> Outcome {
    match fleet::jobs::prune(&tools.services, &job).await {
        Ok(_) if job.cancel().is_cancelled() => Outcome::Cancelled,
        Ok(pruned) => {
            tracing::info!(pruned, "deleted old jobs from the history");
            Outcome::Done
        }
        Err(error) => outcome(error),
    }
}
