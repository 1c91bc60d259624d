//! Hybrid search: by words and by meaning, fused.

use super::{
    engine::{self, Embedded, EmbeddingUnavailable},
    language,
};
use crate::{Cx, Error, Result};
use domain::{
    Invalid, invalid,
    knowledge::{Kind, MatchedBy, Use, fuse},
};
use std::collections::HashMap;
use store::{
    Tx,
    knowledge::{self, Candidate, Scope},
};
use uuid::Uuid;

pub use store::knowledge::{Filter, Segment};

/// The longest query, in characters.
const LONGEST: usize = 1000;
/// Candidates of each half. Fusion looks no deeper.
const CANDIDATES: i64 = 100;

/// By what was searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By words and by meaning.
    Hybrid,
    /// By words alone; the note says why.
    Text,
}

/// One thing that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The finding's or the message's id.
    pub id: Uuid,
    /// Reciprocal rank fusion's; comparable within one answer only.
    pub score: f64,
    /// By what it was found.
    pub matched_by: Vec<MatchedBy>,
    /// Its best part, words of the query marked.
    pub snippet: Vec<Segment>,
}

/// The answer to a query.
#[derive(Debug, Clone)]
pub struct Found {
    /// Best first.
    pub hits: Vec<Hit>,
    /// By what was searched.
    pub mode: Mode,
    /// What the answer lacks, as a sentence; `None` when nothing.
    pub note: Option<String>,
}

/// Searches the acting user's knowledge of one kind; at most `limit` hits, which count parents and not pieces. An
/// embedding engine that fails costs the meaning, never the search.
pub async fn search(cx: &Cx, kind: Kind, query: &str, filter: &Filter, limit: usize) -> Result<Found> {
    let user = cx.user()?;
    let query = invalid::text("query", query.trim(), LONGEST)?;
    if query.is_empty() {
        return Err(Invalid::new("query", "Enter what to look for.").into());
    }
    // Before the transaction: it may take a while, and no connection waits for it.
    let embedded = engine::embed(&cx.services, vec![query.clone()], Use::Query).await;
    let scope = Scope { user, kind, filter, now: cx.services.clock.now(), most: CANDIDATES };
    let language = language(&cx.services);
    let mut tx = cx.begin().await?;
    let by_text = knowledge::by_text(&mut tx, scope, &language, &query).await?;
    let (by_meaning, mode, note) = by_meaning(&mut tx, scope, embedded).await?;
    let mut fused = fuse(&parents(&by_text), &parents(&by_meaning));
    fused.truncate(limit);
    // The piece to show: the best by words, since it has something to mark.
    let mut best: HashMap<Uuid, i64> = HashMap::new();
    for candidate in by_text.iter().chain(&by_meaning) {
        best.entry(candidate.parent_id).or_insert(candidate.id);
    }
    let pieces: Vec<i64> = fused.iter().filter_map(|found| best.get(&found.key).copied()).collect();
    let excerpts = knowledge::excerpts(&mut tx, user, &language, &query, &pieces).await?;
    let mut snippets: HashMap<Uuid, Vec<Segment>> =
        excerpts.into_iter().map(|excerpt| (excerpt.parent_id, excerpt.segments)).collect();
    let hits = fused.into_iter().map(|found| Hit {
        id: found.key,
        score: found.score,
        matched_by: found.matched_by,
        snippet: snippets.remove(&found.key).unwrap_or_default(),
    });
    Ok(Found { hits: hits.collect(), mode, note })
}

type Half = (Vec<Candidate>, Mode, Option<String>);

/// The half that goes by meaning, as far as there is one.
async fn by_meaning(
    tx: &mut Tx,
    scope: Scope<'_>,
    embedded: std::result::Result<Embedded, EmbeddingUnavailable>,
) -> Result<Half> {
    let Embedded { model, vectors } = match embedded {
        Ok(embedded) => embedded,
        Err(lacking) => return Ok((Vec::new(), Mode::Text, Some(lacking.note()))),
    };
    let Some(vector) = vectors.first() else { return Err(Error::internal("no vector for one query")) };
    let dimensions = u16::try_from(vector.len()).map_err(Error::internal)?;
    let known = knowledge::known(tx, &model, dimensions).await?;
    let found = match known {
        Some(model) => knowledge::by_meaning(tx, scope, model, vector).await?,
        None => Vec::new(),
    };
    let behind = !knowledge::pending(tx, scope.user, known, 1).await?.is_empty();
    let note = "Some of your texts wait for the embedding engine; until then they are found by words alone.";
    Ok((found, Mode::Hybrid, behind.then(|| note.to_owned())))
}

fn parents(half: &[Candidate]) -> Vec<Uuid> {
    half.iter().map(|candidate| candidate.parent_id).collect()
}
