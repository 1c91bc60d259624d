//! `POST /api/conversations/search`.

use crate::{
    body::Body,
    guards::{Caller, Knowledge},
    problem::Reply,
    routes::knowledge::{SearchMode, SnippetPart},
};
use chrono::{DateTime, Utc};
use domain::{
    AgentId, ChatId, ConversationId, MessageId, TurnId, conversation::MessageRole, invalid,
    knowledge::MatchedBy,
};
use fleet::conversations::{self, MessageHit, MessageSearch};
use rocket::{post, serde::json::Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const DEFAULT_HITS: usize = 20;
const MAX_HITS: usize = 100;

/// Hits must match all given filters.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ConversationFilters {
    agent_id: Option<AgentId>,
    role: Option<MessageRole>,
    /// Not before this time (RFC 3339).
    since: Option<String>,
    /// Before this time (RFC 3339).
    until: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConversationSearch)]
pub struct MessageSearchRequest {
    query: String,
    limit: Option<usize>,
    #[serde(default)]
    filters: ConversationFilters,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversationHit)]
pub struct MessageHitResponse {
    conversation_id: ConversationId,
    title: String,
    message_id: MessageId,
    role: MessageRole,
    at: DateTime<Utc>,
    agent_id: Option<AgentId>,
    chat_id: Option<ChatId>,
    turn_id: Option<TurnId>,
    /// Higher is better. Comparable only within one response.
    score: f64,
    matched_by: Vec<MatchedBy>,
    snippet: Vec<SnippetPart>,
}

impl From<MessageHit> for MessageHitResponse {
    fn from(hit: MessageHit) -> Self {
        Self {
            conversation_id: hit.archived.conversation_id,
            title: hit.archived.title,
            message_id: hit.archived.message.id,
            role: hit.archived.message.role,
            at: hit.archived.message.at,
            agent_id: hit.archived.agent_id.map(AgentId::from),
            chat_id: hit.archived.chat_id.map(ChatId::from),
            turn_id: hit.archived.message.turn_id.map(TurnId::from),
            score: hit.score,
            matched_by: hit.matched_by,
            snippet: hit.snippet.into_iter().map(SnippetPart::from).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = ConversationHits)]
pub struct MessageSearchResponse {
    items: Vec<MessageHitResponse>,
    /// `hybrid` = by words and meaning; `text` = by words only, and the note says why.
    #[schema(value_type = String)]
    mode: SearchMode,
    note: Option<String>,
}

/// Searches the caller's conversations, best first.
#[utoipa::path(
    request_body = MessageSearchRequest,
    responses((status = 200, description = "Done", body = MessageSearchResponse)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[post("/conversations/search", data = "<body>")]
pub async fn search(
    caller: Caller<Knowledge>,
    body: Body<MessageSearchRequest>,
) -> Reply<Json<MessageSearchResponse>> {
    let MessageSearchRequest { query, limit, filters } = body.0;
    let search = MessageSearch {
        query,
        limit: limit.unwrap_or(DEFAULT_HITS).clamp(1, MAX_HITS),
        agent: filters.agent_id,
        role: filters.role,
        since: parse_timestamp("filters.since", filters.since.as_deref())?,
        until: parse_timestamp("filters.until", filters.until.as_deref())?,
    };
    let found = conversations::search(&caller.cx, &search).await?;
    Ok(Json(MessageSearchResponse {
        items: found.hits.into_iter().map(MessageHitResponse::from).collect(),
        mode: found.mode.into(),
        note: found.note,
    }))
}

fn parse_timestamp(field: &'static str, text: Option<&str>) -> fleet::Result<Option<DateTime<Utc>>> {
    Ok(text.map(|text| invalid::timestamp(field, text)).transpose()?)
}
