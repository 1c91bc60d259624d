//! Searches conversations by words and by meaning.

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
use store::conversations::read::{self, ArchivedMessage};

/// What is looked for; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct MessageSearch {
    /// What to look for, in words.
    pub query: String,
    /// The most hits.
    pub limit: usize,
    /// In conversations with this agent.
    pub agent: Option<AgentId>,
    /// In messages of this role.
    pub role: Option<MessageRole>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Not at or after.
    pub until: Option<DateTime<Utc>>,
}

/// A message that was found.
#[derive(Debug)]
pub struct MessageHit {
    /// The message and its conversation.
    pub archived: ArchivedMessage,
    /// Higher is better; comparable within one answer only.
    pub score: f64,
    /// By what it was found.
    pub matched_by: Vec<MatchedBy>,
    /// Its best part, with the words of the query marked.
    pub snippet: Vec<Segment>,
}

/// The answer to a query.
#[derive(Debug)]
pub struct MessageSearchResults {
    /// Best first.
    pub hits: Vec<MessageHit>,
    /// By what was searched.
    pub mode: Mode,
    /// What the answer lacks, as a sentence.
    pub note: Option<String>,
}

/// Searches the acting user's conversations.
pub async fn search(cx: &Cx, search: &MessageSearch) -> Result<MessageSearchResults> {
    let filter = Filter {
        agent: search.agent.map(AgentId::uuid),
        role: search.role.map(|role| role.as_str().to_owned()),
        since: search.since,
        until: search.until,
        tags: Vec::new(),
    };
    let results = knowledge::search(cx, Kind::Message, &search.query, &filter, search.limit).await?;
    let ids: Vec<MessageId> = results.hits.iter().map(|hit| hit.id.into()).collect();
    let mut tx = cx.begin().await?;
    let mut archived: HashMap<MessageId, ArchivedMessage> = read::messages_by_id(&mut tx, &ids)
        .await?
        .into_iter()
        .map(|archived| (archived.message.id, archived))
        .collect();
    // A message that was forgotten between the two queries is left out.
    let hits = results.hits.into_iter().filter_map(|hit| {
        Some(MessageHit {
            archived: archived.remove(&hit.id.into())?,
            score: hit.score,
            matched_by: hit.matched_by,
            snippet: hit.snippet,
        })
    });
    Ok(MessageSearchResults { hits: hits.collect(), mode: results.mode, note: results.note })
}
