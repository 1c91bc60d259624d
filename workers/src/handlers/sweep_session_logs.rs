//! `sweep-session-logs`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::SweepSessionLogs};

/// Enqueues the archiving of sessions that were left out.
pub(super) async fn handle(tools: Tools, _job: JobContext, _payload: SweepSessionLogs) -> Outcome {
    match fleet::conversations::enqueue_unarchived(&tools.services).await {
        Ok(owners) => {
            tracing::info!(owners, "enqueued the archiving of sessions that are not archived yet");
            Outcome::Done
        }
        Err(error) => outcome(error),
    }
}
