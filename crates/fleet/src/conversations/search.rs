//! What was said, found again: by words and by meaning.

use crate::{
    Cx, Result,
    knowledge::{self, Filter, Mode, Segment},
};
use chrono::{DateTime, Utc};
use domain::{
    AgentId, MessageId,
    conversation::MessageRole,
    knowledge::{Kind, MatchedBy},
};
use std::collections::HashMap;
use store::conversations::read;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// In words.
    pub query: String,
    /// The most hits.
    pub limit: usize,
    /// In conversations with this agent.
    pub agent: Option<AgentId>,
    /// In words of this sort.
    pub role: Option<MessageRole>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Not at or after.
    pub until: Option<DateTime<Utc>>,
}

/// A message that was found.
#[derive(Debug)]
pub struct Hit {
    /// The message and where it stands.
    pub found: read::Found,
    /// Higher is better; comparable within one answer only.
    pub score: f64,
    /// By what it was found.
    pub matched_by: Vec<MatchedBy>,
    /// Its best part, words of the query marked.
    pub snippet: Vec<Segment>,
}

/// The answer.
#[derive(Debug)]
pub struct Found {
    /// Best first.
    pub hits: Vec<Hit>,
    /// By what was searched.
    pub mode: Mode,
    /// What the answer lacks, as a sentence.
    pub note: Option<String>,
}

/// Searches the acting user's conversations.
pub async fn search(cx: &Cx, search: &Search) -> Result<Found> {
    let filter = Filter {
        agent: search.agent.map(AgentId::uuid),
        role: search.role.map(|role| role.as_str().to_owned()),
        since: search.since,
        until: search.until,
        tags: Vec::new(),
    };
    let knowledge::Found { hits, mode, note } =
        knowledge::search(cx, Kind::Message, &search.query, &filter, search.limit).await?;
    let ids: Vec<MessageId> = hits.iter().map(|hit| hit.id.into()).collect();
    let mut tx = cx.begin().await?;
    let mut found: HashMap<MessageId, read::Found> =
        read::found(&mut tx, &ids).await?.into_iter().map(|found| (found.message.id, found)).collect();
    // What was forgotten between the two looks is left out.
    let hits = hits.into_iter().filter_map(|hit| {
        let knowledge::Hit { id, score, matched_by, snippet } = hit;
        Some(Hit { found: found.remove(&id.into())?, score, matched_by, snippet })
    });
    Ok(Found { hits: hits.collect(), mode, note })
}
