//! The state of the search: whether vectors can be made, and how many are missing.

use super::engine::{self, EmbeddingUnavailable};
use crate::{Cx, Result};
use serde::Serialize;
use store::knowledge::{self, EmbeddingProgress};
use utoipa::ToSchema;

/// Whether vectors can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EmbeddingState {
    /// They can, as far as is known without a call.
    Ready,
    /// The engine is missing or fails.
    Unavailable,
    /// An admin switched them off.
    Off,
}

/// The state of the search in a user's knowledge.
#[derive(Debug, Clone)]
pub struct KnowledgeStatus {
    /// Whether vectors can be made.
    pub state: EmbeddingState,
    /// The name of the model, as recorded with its vectors.
    pub model: Option<String>,
    /// The length of its vectors, once it has made one.
    pub dimensions: Option<i32>,
    /// Why vectors cannot be made, as a sentence.
    pub detail: Option<String>,
    /// The chunks of the acting user.
    pub counts: EmbeddingProgress,
}

/// The state of the search in the acting user's knowledge.
pub async fn status(cx: &Cx) -> Result<KnowledgeStatus> {
    let (services, user) = (&cx.services, cx.user()?);
    let settings = services.settings.get().knowledge.embeddings.clone();
    let (state, detail) = match engine::state(services, &settings) {
        Ok(()) => (EmbeddingState::Ready, None),
        Err(EmbeddingUnavailable::Off) => (EmbeddingState::Off, None),
        Err(EmbeddingUnavailable::Unavailable(why)) => (EmbeddingState::Unavailable, Some(why)),
    };
    let mut tx = cx.begin().await?;
    let model = engine::model_name(services, &settings);
    let known = match &model {
        Some(name) => knowledge::latest_model(&mut tx, name).await?,
        None => None,
    };
    let mut counts = knowledge::embedding_progress(&mut tx, user, known.map(|(id, _)| id)).await?;
    if state == EmbeddingState::Off {
        // No vectors are made, so nothing waits for them.
        counts.pending = 0;
    }
    Ok(KnowledgeStatus { state, model, dimensions: known.map(|(_, dimensions)| dimensions), detail, counts })
}
