//! `/api/knowledge`: the state of the search, and the parts that all search responses share.

use crate::{
    guards::{Caller, Knowledge},
    problem::Reply,
};
use fleet::knowledge::{self, EmbeddingState, Mode, Segment};
use rocket::{get, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

/// A part of a snippet.
#[derive(Serialize, ToSchema)]
pub struct SnippetPart {
    text: String,
    /// Whether these words match the query.
    hit: bool,
}

impl From<Segment> for SnippetPart {
    fn from(segment: Segment) -> Self {
        Self { text: segment.text, hit: segment.hit }
    }
}

/// What was matched.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SearchMode {
    /// Words and meaning.
    Hybrid,
    /// Words only.
    Text,
}

impl From<Mode> for SearchMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Hybrid => Self::Hybrid,
            Mode::Text => Self::Text,
        }
    }
}

/// What embeds texts, and whether it works.
#[derive(Serialize, ToSchema)]
pub struct EmbeddingStatus {
    state: EmbeddingState,
    /// The model's name as it is stored with its vectors.
    model: Option<String>,
    /// Length of its vectors, once there is one.
    dimensions: Option<i32>,
    /// Why it does not work.
    detail: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct KnowledgeStatus {
    embedding: EmbeddingStatus,
    /// Chunks of the caller's texts that have no vector yet.
    pending: i64,
    /// Chunks of the caller's texts.
    total: i64,
}

/// Whether the search matches meanings, and how many of the caller's texts are not embedded yet.
#[utoipa::path(
    responses((status = 200, description = "Done", body = KnowledgeStatus)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[get("/knowledge/status")]
pub async fn status(caller: Caller<Knowledge>) -> Reply<Json<KnowledgeStatus>> {
    let status = knowledge::status(&caller.cx).await?;
    let embedding = EmbeddingStatus {
        state: status.state,
        model: status.model,
        dimensions: status.dimensions,
        detail: status.detail,
    };
    Ok(Json(KnowledgeStatus { embedding, pending: status.counts.pending, total: status.counts.total }))
}
