//! `sweep-session-logs`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::SweepSessionLogs};

/// Asks for what was left out.
pub(super) async fn handle(tools: Tools, _job: JobContext, _payload: SweepSessionLogs) -> Outcome {
    match fleet::conversations::sweep(&tools.services).await {
        Ok(owners) => {
            tracing::info!(owners, "asked for sessions that are not in the archive yet");
            Outcome::Done
        }
        Err(error) => outcome(error),
    }
}
