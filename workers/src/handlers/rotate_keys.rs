//! `rotate-keys`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::RotateKeys};

/// Wraps the data keys with the new key. If a key is missing, the operator must provide it: a retry does not help.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: RotateKeys) -> Outcome {
    match fleet::keys::rotate(&tools.cx(&job), &job, &payload.key).await {
        Ok(_) => Outcome::Done,
        Err(error) => outcome(error),
    }
}
