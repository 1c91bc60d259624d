//! `embed-pending`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::EmbedPending};

/// Enqueues the jobs that compute missing embeddings.
pub(super) async fn handle(tools: Tools, _: JobContext, EmbedPending {}: EmbedPending) -> Outcome {
    match fleet::knowledge::embed_pending(&tools.services).await {
        Ok(users) => {
            tracing::debug!(users, "enqueued the embedding of texts");
            Outcome::Done
        }
        Err(error) => outcome(error),
    }
}
