//! `/api/findings`: what was saved to be found again.

pub mod search;
pub mod write;

use crate::{
    guards::{Caller, Id, Knowledge},
    page,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::{AgentId, ChatId, FindingId, TurnId};
use fleet::findings::{self, Narrow, Similar, View};
use rocket::{get, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

/// Where a finding comes from.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FindingOrigin)]
pub struct Origin {
    /// `person`, `agent` or `chat`.
    kind: String,
    chat_id: Option<ChatId>,
    turn_id: Option<TurnId>,
    agent_id: Option<AgentId>,
}

/// One that says nearly the same.
#[derive(Serialize, ToSchema)]
#[schema(as = SimilarFinding)]
pub struct Alike {
    id: FindingId,
    title: Option<String>,
    /// 0.9 to 1.
    score: f32,
}

impl From<Similar> for Alike {
    fn from(similar: Similar) -> Self {
        Self { id: similar.id, title: similar.title, score: similar.score }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Finding)]
pub struct Shown {
    id: FindingId,
    title: Option<String>,
    content: String,
    tags: Vec<String>,
    source: Origin,
    /// Those that say nearly the same, nearest first; known some seconds after saving.
    similar: Vec<Alike>,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<View> for Shown {
    fn from(View { finding, similar }: View) -> Self {
        Self {
            id: finding.id,
            title: finding.title,
            content: finding.content,
            tags: finding.tags,
            source: Origin {
                kind: finding.source,
                chat_id: finding.chat_id.map(ChatId::from),
                turn_id: finding.turn_id.map(TurnId::from),
                agent_id: finding.agent_id.map(AgentId::from),
            },
            similar: similar.into_iter().map(Alike::from).collect(),
            expires_at: finding.expires_at,
            created_at: finding.created_at,
            updated_at: finding.updated_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FindingPage)]
pub struct Page {
    items: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The caller's findings, latest first; `q` narrows to those that contain it letter by letter.
#[utoipa::path(
    params(
        ("tag" = Option<String>, Query, description = "With this tag"),
        ("agentId" = Option<AgentId>, Query, description = "From this agent"),
        ("q" = Option<String>, Query, description = "With this in title or content, in any case"),
    ),
    responses((status = 200, description = "Done", body = Page)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[allow(non_snake_case)] // As it is spelled in the address.
#[get("/findings?<limit>&<cursor>&<tag>&<agentId>&<q>")]
pub async fn list(
    caller: Caller<Knowledge>,
    limit: Option<u32>,
    cursor: Option<&str>,
    tag: Option<&str>,
    agentId: Option<&str>,
    q: Option<&str>,
) -> Reply<Json<Page>> {
    let (limit, after) = (page::limit(limit), page::parse(cursor)?);
    let given = |text: Option<&str>| text.filter(|text| !text.trim().is_empty()).map(str::to_owned);
    let narrow = Narrow { tag: given(tag), agent: agent(agentId)?.map(AgentId::uuid), containing: given(q) };
    let found = findings::list(&caller.cx, &narrow, after, limit).await?;
    let next_cursor =
        page::next(&found, limit, |last| page::cursor(last.finding.created_at, last.finding.id));
    Ok(Json(Page { items: found.into_iter().map(Shown::from).collect(), next_cursor }))
}

/// One finding.
#[utoipa::path(
    responses((status = 200, description = "Done", body = Shown)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[get("/findings/<id>")]
pub async fn get(caller: Caller<Knowledge>, id: Id<FindingId>) -> Reply<Json<Shown>> {
    Ok(Json(findings::get(&caller.cx, id.0).await?.into()))
}

/// Reads `?agentId=`. What is no agent's id is nobody's.
pub(super) fn agent(text: Option<&str>) -> Reply<Option<AgentId>> {
    let parsed = text.filter(|text| !text.is_empty()).map(str::parse).transpose();
    parsed.map_err(|_| fleet::Error::NotFound("agent").into())
}
