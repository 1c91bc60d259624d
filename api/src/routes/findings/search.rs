//! Searching findings.

use super::Shown;
use crate::{
    body::Body,
    guards::{Caller, Knowledge},
    page,
    problem::Reply,
    routes::knowledge::{ShownMode, ShownSegment},
};
use chrono::{DateTime, Utc};
use domain::{AgentId, knowledge::MatchedBy};
use fleet::{
    findings::{self, Match},
    knowledge::Filter,
};
use rocket::{post, serde::json::Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = FindingFilters)]
pub struct Filters {
    /// With all of these tags.
    tags: Vec<String>,
    /// From this agent.
    agent_id: Option<AgentId>,
    /// Saved not before.
    since: Option<DateTime<Utc>>,
    /// Saved before.
    until: Option<DateTime<Utc>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FindingQuery)]
pub struct Query {
    /// What to look for, in at most 1,000 characters.
    query: String,
    /// The most hits: 30 unless said, 100 at most.
    limit: Option<u32>,
    #[serde(default)]
    filters: Filters,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FindingMatch)]
pub struct Hit {
    #[serde(flatten)]
    finding: Shown,
    /// Comparable within one answer only.
    score: f64,
    matched_by: Vec<MatchedBy>,
    snippet: Vec<ShownSegment>,
}

impl From<Match> for Hit {
    fn from(Match { view, hit }: Match) -> Self {
        Self {
            finding: view.into(),
            score: hit.score,
            matched_by: hit.matched_by,
            snippet: hit.snippet.into_iter().map(ShownSegment::from).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = FindingMatches)]
pub struct Answer {
    items: Vec<Hit>,
    mode: ShownMode,
    /// What the answer lacks; null when nothing.
    note: Option<String>,
}

/// Searches the caller's findings by words and by meaning, best first.
#[utoipa::path(
    request_body = Query,
    responses((status = 200, description = "Done", body = Answer)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[post("/findings/search", data = "<body>")]
pub async fn search(caller: Caller<Knowledge>, body: Body<Query>) -> Reply<Json<Answer>> {
    let Query { query, limit, filters } = body.0;
    let filter = Filter {
        agent: filters.agent_id.map(AgentId::uuid),
        role: None,
        since: filters.since,
        until: filters.until,
        tags: filters.tags,
    };
    let found = findings::search(&caller.cx, &query, filter, page::limit(limit) as usize).await?;
    let items = found.items.into_iter().map(Hit::from).collect();
    Ok(Json(Answer { items, mode: found.mode.into(), note: found.note }))
}
