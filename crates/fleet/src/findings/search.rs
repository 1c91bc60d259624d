//! Searches findings by words and by meaning.

use super::read::{FindingView, views};
use crate::{
    Cx, Result,
    knowledge::{self, Filter, Mode, Segment},
};
use domain::{
    invalid,
    knowledge::{Kind, MatchedBy},
};
use std::collections::HashMap;
use store::findings;
use uuid::Uuid;

/// A finding that was found.
#[derive(Debug, Clone)]
pub struct FindingHit {
    /// The finding.
    pub view: FindingView,
    /// Higher is better; comparable within one answer only.
    pub score: f64,
    /// By what it was found.
    pub matched_by: Vec<MatchedBy>,
    /// Its best part, with the words of the query marked.
    pub snippet: Vec<Segment>,
}

/// The answer to a query.
#[derive(Debug, Clone)]
pub struct FindingSearchResults {
    /// Best first.
    pub hits: Vec<FindingHit>,
    /// By what was searched.
    pub mode: Mode,
    /// What the answer lacks, as a sentence.
    pub note: Option<String>,
}

/// Searches the acting user's findings. Expired ones are not found.
pub async fn search(cx: &Cx, query: &str, mut filter: Filter, limit: usize) -> Result<FindingSearchResults> {
    for tag in &mut filter.tags {
        *tag = invalid::text("filters.tags", &tag.trim().to_lowercase(), 200)?;
    }
    let results = knowledge::search(cx, Kind::Finding, query, &filter, limit).await?;
    let ids: Vec<Uuid> = results.hits.iter().map(|hit| hit.id).collect();
    let mut tx = cx.begin().await?;
    let findings = findings::get(&mut tx, &ids, cx.services.clock.now()).await?;
    let mut views: HashMap<Uuid, FindingView> =
        views(cx, &mut tx, findings).await?.into_iter().map(|view| (view.finding.id.uuid(), view)).collect();
    // A finding that was deleted between the two queries is left out.
    let hits = results.hits.into_iter().filter_map(|hit| {
        Some(FindingHit {
            view: views.remove(&hit.id)?,
            score: hit.score,
            matched_by: hit.matched_by,
            snippet: hit.snippet,
        })
    });
    Ok(FindingSearchResults { hits: hits.collect(), mode: results.mode, note: results.note })
}
