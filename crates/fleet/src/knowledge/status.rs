//! How far the search is: whether vectors can be had, and how many are missing.

use super::engine::{self, EmbeddingUnavailable};
use crate::{Cx, Result};
use serde::Serialize;
use store::knowledge::{self, Counts};
use utoipa::ToSchema;

/// Whether vectors can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EmbeddingState {
    /// They can, as far as is known without asking.
    Ready,
    /// The engine is missing or fails.
    Unavailable,
    /// An admin switched them off.
    Off,
}

/// How far the search in one user's knowledge is.
#[derive(Debug, Clone)]
pub struct Status {
    /// Whether vectors can be had.
    pub state: EmbeddingState,
    /// The model, as it is recorded beside its vectors.
    pub model: Option<String>,
    /// Numbers of its vectors, once it made one.
    pub dimensions: Option<i32>,
    /// Why not, as a sentence.
    pub detail: Option<String>,
    /// Pieces of the acting user.
    pub counts: Counts,
}

/// How far the search in the acting user's knowledge is.
pub async fn status(cx: &Cx) -> Result<Status> {
    let (services, user) = (&cx.services, cx.user()?);
    let chosen = services.settings.get().knowledge.embeddings.clone();
    let (state, detail) = match engine::state(services, &chosen) {
        Ok(()) => (EmbeddingState::Ready, None),
        Err(EmbeddingUnavailable::Off) => (EmbeddingState::Off, None),
        Err(EmbeddingUnavailable::Unavailable(why)) => (EmbeddingState::Unavailable, Some(why)),
    };
    let mut tx = cx.begin().await?;
    let model = engine::model_name(services, &chosen);
    let known = match &model {
        Some(name) => knowledge::latest(&mut tx, name).await?,
        None => None,
    };
    let mut counts = knowledge::counts(&mut tx, user, known.map(|(id, _)| id)).await?;
    if state == EmbeddingState::Off {
        // Nothing waits where nothing is to come.
        counts.pending = 0;
    }
    Ok(Status { state, model, dimensions: known.map(|(_, dimensions)| dimensions), detail, counts })
}
