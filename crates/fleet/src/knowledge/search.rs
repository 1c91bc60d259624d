//! Hybrid search: by words and by meaning, with both rankings fused.

use super::{
    engine::{self, Embedded, EmbeddingUnavailable},
    language,
};
use crate::{Cx, Error, Result};
use domain::{
    Invalid, invalid,
    knowledge::{EmbeddingPurpose, Kind, MatchedBy, fuse},
};
use std::collections::HashMap;
use store::{
    Tx,
    knowledge::{self, ChunkHit, Scope},
};
use uuid::Uuid;

pub use store::knowledge::{Filter, Segment};

const MAX_QUERY_CHARS: usize = 1000;
/// Hits of each of the two searches. Fusion looks no deeper.
const MAX_CHUNK_HITS: i64 = 100;

/// By what was searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By words and by meaning.
    Hybrid,
    /// By words alone; the note says why.
    Text,
}

/// A finding or message that was found.
#[derive(Debug, Clone)]
pub struct SearchHit {
    /// The finding's or the message's id.
    pub id: Uuid,
    /// The score of the fused ranking. Higher is better; comparable within one answer only.
    pub score: f64,
    /// By what it was found.
    pub matched_by: Vec<MatchedBy>,
    /// Its best part, with the words of the query marked.
    pub snippet: Vec<Segment>,
}

/// The answer to a query.
#[derive(Debug, Clone)]
pub struct SearchResults {
    /// Best first.
    pub hits: Vec<SearchHit>,
    /// By what was searched.
    pub mode: Mode,
    /// What the answer lacks, as a sentence; `None` if nothing.
    pub note: Option<String>,
}

/// Searches the acting user's knowledge of one kind. Returns at most `limit` hits, one for each finding or message and
/// not for each chunk. If the embedding engine fails, the search goes by words alone.
pub async fn search(
    cx: &Cx,
    kind: Kind,
    query: &str,
    filter: &Filter,
    limit: usize,
) -> Result<SearchResults> {
    let user = cx.user()?;
    let query = invalid::text("query", query.trim(), MAX_QUERY_CHARS)?;
    if query.is_empty() {
        return Err(Invalid::new("query", "Enter what to look for.").into());
    }
    // Before the transaction, because it may take a while and should not hold a connection.
    let embedded = engine::embed(&cx.services, vec![query.clone()], EmbeddingPurpose::Query).await;
    let scope = Scope { user, kind, filter, now: cx.services.clock.now(), limit: MAX_CHUNK_HITS };
    let language = language(&cx.services);
    let mut tx = cx.begin().await?;
    let by_text = knowledge::by_text(&mut tx, scope, &language, &query).await?;
    let (by_meaning, mode, note) = by_meaning(&mut tx, scope, embedded).await?;
    let mut fused = fuse(&parents(&by_text), &parents(&by_meaning));
    fused.truncate(limit);
    // The chunk to show is the best one by words, if there is one, because it has words to mark.
    let mut best: HashMap<Uuid, i64> = HashMap::new();
    for hit in by_text.iter().chain(&by_meaning) {
        best.entry(hit.parent_id).or_insert(hit.id);
    }
    let chunks: Vec<i64> = fused.iter().filter_map(|fused| best.get(&fused.key).copied()).collect();
    let snippets = knowledge::snippets(&mut tx, user, &language, &query, &chunks).await?;
    let mut snippets: HashMap<Uuid, Vec<Segment>> =
        snippets.into_iter().map(|snippet| (snippet.parent_id, snippet.segments)).collect();
    let hits = fused.into_iter().map(|fused| SearchHit {
        id: fused.key,
        score: fused.score,
        matched_by: fused.matched_by,
        snippet: snippets.remove(&fused.key).unwrap_or_default(),
    });
    Ok(SearchResults { hits: hits.collect(), mode, note })
}

/// The hits by meaning, the mode of the whole search, and its note.
async fn by_meaning(
    tx: &mut Tx,
    scope: Scope<'_>,
    embedded: std::result::Result<Embedded, EmbeddingUnavailable>,
) -> Result<(Vec<ChunkHit>, Mode, Option<String>)> {
    let Embedded { model, vectors } = match embedded {
        Ok(embedded) => embedded,
        Err(unavailable) => return Ok((Vec::new(), Mode::Text, Some(unavailable.note()))),
    };
    let Some(vector) = vectors.first() else { return Err(Error::internal("no vector for one query")) };
    let dimensions = u16::try_from(vector.len()).map_err(Error::internal)?;
    let known = knowledge::find_model(tx, &model, dimensions).await?;
    let hits = match known {
        Some(model) => knowledge::by_meaning(tx, scope, model, vector).await?,
        None => Vec::new(),
    };
    let is_incomplete = !knowledge::pending(tx, scope.user, known, 1).await?.is_empty();
    let note = "Some of your texts are not embedded yet. Until then they are found by words alone.";
    Ok((hits, Mode::Hybrid, is_incomplete.then(|| note.to_owned())))
}

fn parents(hits: &[ChunkHit]) -> Vec<Uuid> {
    hits.iter().map(|hit| hit.parent_id).collect()
}
