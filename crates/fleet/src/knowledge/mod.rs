//! Knowledge: what is searched, and how it is found: by words.

use crate::{Cx, Result, Services};
use domain::{
    Invalid, UserId, invalid,
    knowledge::{Kind, MatchedBy, fuse},
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
/// Candidates.
const CANDIDATES: i64 = 200;

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
    /// Comparable within one answer only.
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

/// The text search configuration by which words are stored and found.
pub(crate) fn language(_services: &Services) -> String {
    "english".into()
}

/// Asks for the vectors of what `tx` saves for this user.
pub(crate) async fn enqueue_embed(_tx: &mut Tx, _user: UserId) -> Result<()> {
    Ok(())
}

/// Searches the acting user's knowledge of one kind; at most `limit` hits, which count parents and not pieces.
pub async fn search(cx: &Cx, kind: Kind, query: &str, filter: &Filter, limit: usize) -> Result<Found> {
    let user = cx.user()?;
    let query = invalid::text("query", query.trim(), LONGEST)?;
    if query.is_empty() {
        return Err(Invalid::new("query", "Enter what to look for.").into());
    }
    let scope = Scope { user, kind, filter, now: cx.services.clock.now(), most: CANDIDATES };
    let language = language(&cx.services);
    let mut tx = cx.begin().await?;
    let by_text = knowledge::by_text(&mut tx, scope, &language, &query).await?;
    let parents: Vec<Uuid> = by_text.iter().map(|candidate| candidate.parent_id).collect();
    let mut fused = fuse(&parents, &[]);
    fused.truncate(limit);
    let best = |parent: Uuid| by_text.iter().find(|c: &&Candidate| c.parent_id == parent).map(|c| c.id);
    let pieces: Vec<i64> = fused.iter().filter_map(|found| best(found.key)).collect();
    let excerpts = knowledge::excerpts(&mut tx, user, &language, &query, &pieces).await?;
    let mut snippets: HashMap<Uuid, Vec<Segment>> =
        excerpts.into_iter().map(|excerpt| (excerpt.parent_id, excerpt.segments)).collect();
    let hits = fused.into_iter().map(|found| Hit {
        id: found.key,
        score: found.score,
        matched_by: found.matched_by,
        snippet: snippets.remove(&found.key).unwrap_or_default(),
    });
    Ok(Found { hits: hits.collect(), mode: Mode::Text, note: None })
}
