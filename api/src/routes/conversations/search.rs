//! `POST /api/conversations/search`.

use crate::{
    body::Body,
    guards::{Caller, Knowledge},
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::{
    AgentId, ChatId, ConversationId, MessageId, TurnId, conversation::MessageRole, invalid,
    knowledge::MatchedBy,
};
use fleet::{
    conversations::{self, Hit, Search},
    knowledge::{Mode, Segment},
};
use rocket::{post, serde::json::Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Hits when the client does not say how many.
const USUAL: usize = 20;
/// The most hits.
const MOST: usize = 100;

/// What hits must be; everything given must hold.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = ConversationFilters)]
pub struct Filters {
    agent_id: Option<AgentId>,
    role: Option<MessageRole>,
    /// Not before this moment (RFC 3339).
    since: Option<String>,
    /// Before this moment (RFC 3339).
    until: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConversationSearch)]
pub struct Asked {
    query: String,
    limit: Option<usize>,
    #[serde(default)]
    filters: Filters,
}

/// A part of a snippet.
#[derive(Serialize, ToSchema)]
#[schema(as = SnippetPart)]
pub struct Part {
    text: String,
    /// Whether these are words of the query.
    hit: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversationHit)]
pub struct Shown {
    conversation_id: ConversationId,
    title: String,
    message_id: MessageId,
    role: MessageRole,
    at: DateTime<Utc>,
    agent_id: Option<AgentId>,
    chat_id: Option<ChatId>,
    turn_id: Option<TurnId>,
    /// Higher is better; comparable within one answer only.
    score: f64,
    matched_by: Vec<MatchedBy>,
    snippet: Vec<Part>,
}

impl From<Hit> for Shown {
    fn from(hit: Hit) -> Self {
        let part = |Segment { text, hit }| Part { text, hit };
        Self {
            conversation_id: hit.found.conversation_id,
            title: hit.found.title,
            message_id: hit.found.message.id,
            role: hit.found.message.role(),
            at: hit.found.message.at,
            agent_id: hit.found.agent_id.map(AgentId::from),
            chat_id: hit.found.chat_id.map(ChatId::from),
            turn_id: hit.found.message.turn_id.map(TurnId::from),
            score: hit.score,
            matched_by: hit.matched_by,
            snippet: hit.snippet.into_iter().map(part).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = ConversationHits)]
pub struct Answer {
    items: Vec<Shown>,
    /// `hybrid` = by words and by meaning; `text` = by words alone, and the note says why.
    mode: &'static str,
    note: Option<String>,
}

/// Searches the caller's conversations, best first.
#[utoipa::path(
    request_body = Asked,
    responses((status = 200, description = "Done", body = Answer)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[post("/conversations/search", data = "<body>")]
pub async fn search(caller: Caller<Knowledge>, body: Body<Asked>) -> Reply<Json<Answer>> {
    let Asked { query, limit, filters } = body.0;
    let search = Search {
        query,
        limit: limit.unwrap_or(USUAL).clamp(1, MOST),
        agent: filters.agent_id,
        role: filters.role,
        since: moment("filters.since", filters.since.as_deref())?,
        until: moment("filters.until", filters.until.as_deref())?,
    };
    let found = conversations::search(&caller.cx, &search).await?;
    let mode = match found.mode {
        Mode::Hybrid => "hybrid",
        Mode::Text => "text",
    };
    Ok(Json(Answer { items: found.hits.into_iter().map(Shown::from).collect(), mode, note: found.note }))
}

fn moment(field: &'static str, text: Option<&str>) -> fleet::Result<Option<DateTime<Utc>>> {
    Ok(text.map(|text| invalid::moment(field, text)).transpose()?)
}
