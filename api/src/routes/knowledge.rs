//! `/api/knowledge`: how far the search is; and the shapes that answers of every search share.

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
#[schema(as = SnippetPart)]
pub struct ShownSegment {
    text: String,
    /// Whether these are words of the query.
    hit: bool,
}

impl From<Segment> for ShownSegment {
    fn from(segment: Segment) -> Self {
        Self { text: segment.text, hit: segment.hit }
    }
}

/// By what was searched.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SearchMode)]
pub enum ShownMode {
    /// By words and by meaning.
    Hybrid,
    /// By words alone.
    Text,
}

impl From<Mode> for ShownMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Hybrid => Self::Hybrid,
            Mode::Text => Self::Text,
        }
    }
}

/// Who makes vectors of texts, and whether he does.
#[derive(Serialize, ToSchema)]
#[schema(as = EmbeddingStatus)]
pub struct Embedding {
    state: EmbeddingState,
    /// The model, as it is recorded beside its vectors.
    model: Option<String>,
    /// Numbers of its vectors, once it made one.
    dimensions: Option<i32>,
    /// Why not.
    detail: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = KnowledgeStatus)]
pub struct Status {
    embedding: Embedding,
    /// Pieces of the caller's texts that wait for their vectors.
    pending: i64,
    /// Pieces of the caller's texts.
    total: i64,
}

/// Whether the search goes by meaning, and how many of the caller's texts wait for it.
#[utoipa::path(
    responses((status = 200, description = "Done", body = Status)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[get("/knowledge/status")]
pub async fn status(caller: Caller<Knowledge>) -> Reply<Json<Status>> {
    let status = knowledge::status(&caller.cx).await?;
    let embedding = Embedding {
        state: status.state,
        model: status.model,
        dimensions: status.dimensions,
        detail: status.detail,
    };
    Ok(Json(Status { embedding, pending: status.counts.pending, total: status.counts.total }))
}
