//! `embed`.

use super::{INTERNAL_ERROR_REASON, Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::Embed};

/// An embedding engine that is not available is waited for without a limit, but an internal error is retried only this
/// often.
const MAX_INTERNAL_ERRORS: u32 = 3;

/// Computes a user's missing embeddings. If it is stopped halfway the job is handed back; what is stored stays.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: Embed) -> Outcome {
    match fleet::knowledge::embed(&tools.cx(&job), &job, payload.user_id).await {
        Ok(()) if job.cancel().is_cancelled() => Outcome::Cancelled,
        Ok(()) => Outcome::Done,
        Err(fleet::Error::Internal(cause)) if job.failures() >= MAX_INTERNAL_ERRORS => {
            tracing::error!(%cause, "texts could not be embedded");
            Outcome::fail(INTERNAL_ERROR_REASON)
        }
        Err(error) => outcome(error),
    }
}
