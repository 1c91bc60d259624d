//! `prune-jobs`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::PruneJobs};

/// Takes old jobs out of the history.
pub(super) async fn handle(tools: Tools, job: JobContext, _payload: PruneJobs) -> Outcome {
    match fleet::jobs::prune(&tools.services, &job).await {
        Ok(_) if job.cancel().is_cancelled() => Outcome::Cancelled,
        Ok(pruned) => {
            tracing::info!(pruned, "pruned the history of jobs");
            Outcome::Done
        }
        Err(error) => outcome(error),
    }
}
