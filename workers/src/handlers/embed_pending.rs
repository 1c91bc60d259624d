//! `embed-pending`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::EmbedPending};

/// Asks for the vectors that are missing.
pub(super) async fn handle(tools: Tools, _: JobContext, EmbedPending {}: EmbedPending) -> Outcome {
    match fleet::knowledge::embed_pending(&tools.services).await {
        Ok(users) => {
            tracing::debug!(users, "texts wait for their vectors");
            Outcome::Done
        }
        Err(error) => outcome(error),
    }
}
