//! `embed`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::Embed};

/// Gives a user's texts their vectors. Stopped half-way it is handed back; what is done stays done.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: Embed) -> Outcome {
    match fleet::knowledge::embed(&tools.cx(&job), &job, payload.user_id).await {
        Ok(()) if job.cancel().is_cancelled() => Outcome::Cancelled,
        Ok(()) => Outcome::Done,
        Err(error) => outcome(error),
    }
}
