//! `rotate-keys`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::RotateKeys};

/// Wraps the data keys again. A key that is missing is the operator's to bring: no retry helps.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: RotateKeys) -> Outcome {
    match fleet::keys::rotate(&tools.cx(&job), &job, &payload.key).await {
        Ok(_) => Outcome::Done,
        Err(error) => outcome(error),
    }
}
