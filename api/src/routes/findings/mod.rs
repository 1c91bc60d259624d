//! `/api/findings`: saved pieces of knowledge.

pub mod search;
pub mod write;

use crate::{
    guards::{Caller, Id, Knowledge},
    page,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::{AgentId, ChatId, FindingId, TurnId};
use fleet::findings::{self, FindingFilter, FindingView, Similar};
use rocket::{get, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

/// Where a finding comes from.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingOrigin {
    /// `person`, `agent` or `chat`.
    kind: String,
    chat_id: Option<ChatId>,
    turn_id: Option<TurnId>,
    agent_id: Option<AgentId>,
}

/// A finding with nearly the same meaning.
#[derive(Serialize, ToSchema)]
pub struct SimilarFinding {
    id: FindingId,
    title: Option<String>,
    /// From 0.9 to 1.
    score: f32,
}

impl From<Similar> for SimilarFinding {
    fn from(similar: Similar) -> Self {
        Self { id: similar.id, title: similar.title, score: similar.score }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Finding)]
pub struct FindingResponse {
    id: FindingId,
    title: Option<String>,
    content: String,
    tags: Vec<String>,
    source: FindingOrigin,
    /// Findings with nearly the same meaning, the most similar first. Known some seconds after saving.
    similar: Vec<SimilarFinding>,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<FindingView> for FindingResponse {
    fn from(FindingView { finding, similar }: FindingView) -> Self {
        Self {
            id: finding.id,
            title: finding.title,
            content: finding.content,
            tags: finding.tags,
            source: FindingOrigin {
                kind: finding.source,
                chat_id: finding.chat_id.map(ChatId::from),
                turn_id: finding.turn_id.map(TurnId::from),
                agent_id: finding.agent_id.map(AgentId::from),
            },
            similar: similar.into_iter().map(SimilarFinding::from).collect(),
            expires_at: finding.expires_at,
            created_at: finding.created_at,
            updated_at: finding.updated_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingPage {
    items: Vec<FindingResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The caller's findings, the latest first.
#[utoipa::path(
    params(
        ("tag" = Option<String>, Query, description = "With this tag"),
        ("agentId" = Option<AgentId>, Query, description = "From this agent"),
        ("q" = Option<String>, Query, description = "With this text in title or content; case does not matter"),
    ),
    responses((status = 200, description = "Done", body = FindingPage)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[allow(non_snake_case)] // As in the query.
#[get("/findings?<limit>&<cursor>&<tag>&<agentId>&<q>")]
pub async fn list(
    caller: Caller<Knowledge>,
    limit: Option<u32>,
    cursor: Option<&str>,
    tag: Option<&str>,
    agentId: Option<&str>,
    q: Option<&str>,
) -> Reply<Json<FindingPage>> {
    let (limit, after) = (page::limit(limit), page::parse_cursor(cursor)?);
    let non_blank = |text: Option<&str>| text.filter(|text| !text.trim().is_empty()).map(str::to_owned);
    let filter = FindingFilter {
        tag: non_blank(tag),
        agent: parse_agent_id(agentId)?.map(AgentId::uuid),
        containing: non_blank(q),
    };
    let found = findings::list(&caller.cx, &filter, after, limit).await?;
    let next_cursor =
        page::next_cursor(&found, limit, |last| page::cursor(last.finding.created_at, last.finding.id));
    Ok(Json(FindingPage { items: found.into_iter().map(FindingResponse::from).collect(), next_cursor }))
}

/// One finding.
#[utoipa::path(
    responses((status = 200, description = "Done", body = FindingResponse)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[get("/findings/<id>")]
pub async fn get(caller: Caller<Knowledge>, id: Id<FindingId>) -> Reply<Json<FindingResponse>> {
    Ok(Json(findings::get(&caller.cx, id.0).await?.into()))
}

/// Reads `?agentId=`. A text that is not an id is the id of no agent.
pub(super) fn parse_agent_id(text: Option<&str>) -> Reply<Option<AgentId>> {
    let parsed = text.filter(|text| !text.is_empty()).map(str::parse).transpose();
    parsed.map_err(|_| fleet::Error::NotFound("agent").into())
}
