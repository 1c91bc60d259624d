//! `embed`.

use super::{FAULT, Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::Embed};

/// An engine that is away is waited for, as long as that takes; a fault of ours is not tried more often than this.
const MOST_FAULTS: u32 = 3;

/// Gives a user's texts their vectors. Stopped half-way it is handed back; what is done stays done.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: Embed) -> Outcome {
    match fleet::knowledge::embed(&tools.cx(&job), &job, payload.user_id).await {
        Ok(()) if job.cancel().is_cancelled() => Outcome::Cancelled,
        Ok(()) => Outcome::Done,
        Err(fleet::Error::Internal(cause)) if job.failures() >= MOST_FAULTS => {
            tracing::error!(%cause, "texts could not be embedded");
            Outcome::fail(FAULT)
        }
        Err(error) => outcome(error),
    }
}
