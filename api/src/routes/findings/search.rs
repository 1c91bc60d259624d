//! `POST /api/findings/search`.

use super::FindingResponse;
use crate::{
    body::Body,
    guards::{Caller, Knowledge},
    page,
    problem::Reply,
    routes::knowledge::{SearchMode, SnippetPart},
};
use chrono::{DateTime, Utc};
use domain::{AgentId, knowledge::MatchedBy};
use fleet::{
    findings::{self, FindingHit},
    knowledge::Filter,
};
use rocket::{post, serde::json::Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct FindingFilters {
    /// With all of these tags.
    tags: Vec<String>,
    /// From this agent.
    agent_id: Option<AgentId>,
    /// Saved at this time or later.
    since: Option<DateTime<Utc>>,
    /// Saved before this time.
    until: Option<DateTime<Utc>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingQuery {
    /// At most 1,000 characters.
    query: String,
    /// Maximum number of hits: 30 by default, at most 100.
    limit: Option<u32>,
    #[serde(default)]
    filters: FindingFilters,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FindingMatch)]
pub struct FindingHitResponse {
    #[serde(flatten)]
    finding: FindingResponse,
    /// Comparable only within one response.
    score: f64,
    matched_by: Vec<MatchedBy>,
    snippet: Vec<SnippetPart>,
}

impl From<FindingHit> for FindingHitResponse {
    fn from(hit: FindingHit) -> Self {
        Self {
            finding: hit.view.into(),
            score: hit.score,
            matched_by: hit.matched_by,
            snippet: hit.snippet.into_iter().map(SnippetPart::from).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = FindingMatches)]
pub struct FindingSearchResponse {
    items: Vec<FindingHitResponse>,
    mode: SearchMode,
    /// Why the search was limited; null if it was not.
    note: Option<String>,
}

/// Searches the caller's findings by words and by meaning, best first.
#[utoipa::path(
    request_body = FindingQuery,
    responses((status = 200, description = "Done", body = FindingSearchResponse)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[post("/findings/search", data = "<body>")]
pub async fn search(
    caller: Caller<Knowledge>,
    body: Body<FindingQuery>,
) -> Reply<Json<FindingSearchResponse>> {
    let FindingQuery { query, limit, filters } = body.0;
    let filter = Filter {
        agent: filters.agent_id.map(AgentId::uuid),
        role: None,
        since: filters.since,
        until: filters.until,
        tags: filters.tags,
    };
    let found = findings::search(&caller.cx, &query, filter, page::limit(limit) as usize).await?;
    let items = found.hits.into_iter().map(FindingHitResponse::from).collect();
    Ok(Json(FindingSearchResponse { items, mode: found.mode.into(), note: found.note }))
}
