//! `prune-sessions`.

use super::{Tools, outcome};
use crate::JobContext;
use fleet::conversations::{PruneOutcome, prune};
use jobs::{Outcome, kinds::PruneSessions};

/// How often the job is retried while the container is in use. The user's next turn enqueues it again.
const MAX_WAITS_FOR_IDLE: u32 = 3;

/// Deletes the sessions that no chat can continue, if the container is not in use.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: PruneSessions) -> Outcome {
    match prune(&tools.services, &job, payload.user_id).await {
        Ok(PruneOutcome::Deleted(deleted)) => {
            tracing::info!(deleted, user = %payload.user_id, "deleted sessions that no chat can continue");
            Outcome::Done
        }
        Ok(PruneOutcome::RecentlyUsed(wait)) if job.failures() < MAX_WAITS_FOR_IDLE => {
            Outcome::Retry { after: Some(wait), reason: "The container was used a moment ago.".into() }
        }
        Ok(PruneOutcome::RecentlyUsed(_)) => Outcome::Done,
        Err(error) => outcome(error),
    }
}
