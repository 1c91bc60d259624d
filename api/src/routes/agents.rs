//! `/api/agents`.

use crate::{
    body::Body,
    guards::{Caller, Cookie, Id, Version},
    page::Items,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::{
    AgentId,
    agent::{Personality, Skill, Tool},
};
use fleet::agents::{self, Agent, AgentDraft, AgentPatch};
use rocket::{delete, get, http::Status, patch, post, serde::json::Json};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Agent)]
pub struct AgentResponse {
    id: AgentId,
    slug: String,
    name: String,
    model: String,
    fallbacks: Vec<String>,
    personality: Personality,
    tools: BTreeSet<Tool>,
    skills: Vec<Skill>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Agent> for AgentResponse {
    fn from(agent: Agent) -> Self {
        Self {
            id: agent.id,
            slug: agent.slug,
            name: agent.name,
            model: agent.model,
            fallbacks: agent.fallbacks,
            personality: agent.personality.0,
            tools: Tool::from_stored(&agent.tools),
            skills: agent.skills.0,
            version: agent.version,
            created_at: agent.created_at,
            updated_at: agent.updated_at,
        }
    }
}

/// An agent to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgent {
    name: String,
    model: String,
    #[serde(default)]
    fallbacks: Vec<String>,
    #[serde(default)]
    personality: Personality,
    /// The tools that it may use; all if absent.
    tools: Option<BTreeSet<Tool>>,
    #[serde(default)]
    skills: Vec<Skill>,
}

impl From<NewAgent> for AgentDraft {
    fn from(new: NewAgent) -> Self {
        Self {
            name: new.name,
            model: new.model,
            fallbacks: new.fallbacks,
            personality: new.personality,
            tools: new.tools.unwrap_or_else(|| Tool::ALL.into()),
            skills: new.skills,
        }
    }
}

/// The caller's agents.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<AgentResponse>)))]
#[get("/agents")]
pub async fn list(caller: Caller<Cookie>) -> Reply<Json<Items<AgentResponse>>> {
    let items = agents::list(&caller.cx).await?.into_iter().map(AgentResponse::from).collect();
    Ok(Json(Items { items }))
}

/// Saves an agent.
#[utoipa::path(
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key creates the agent only once")),
    request_body = NewAgent,
    responses((status = 201, description = "Created", body = AgentResponse))
)]
#[post("/agents", data = "<body>")]
pub async fn create(caller: Caller<Cookie>, body: Body<NewAgent>) -> Reply<(Status, Json<AgentResponse>)> {
    let id = agents::create(&caller.cx, body.0.into()).await?;
    Ok((Status::Created, Json(agents::get(&caller.cx, id).await?.into())))
}

/// One agent.
#[utoipa::path(responses((status = 200, description = "Done", body = AgentResponse)))]
#[get("/agents/<id>")]
pub async fn get(caller: Caller<Cookie>, id: Id<AgentId>) -> Reply<Json<AgentResponse>> {
    Ok(Json(agents::get(&caller.cx, id.0).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentChanges {
    name: Option<String>,
    model: Option<String>,
    fallbacks: Option<Vec<String>>,
    personality: Option<Personality>,
    tools: Option<BTreeSet<Tool>>,
    skills: Option<Vec<Skill>>,
}

/// Changes an agent. A running container applies the change by itself.
#[utoipa::path(
    params(("If-Match" = Option<String>, Header, description = "The version that was read. If it is not the current one, the response is 412")),
    request_body = AgentChanges,
    responses((status = 200, description = "Done", body = AgentResponse))
)]
#[patch("/agents/<id>", data = "<body>")]
pub async fn change(
    caller: Caller<Cookie>,
    id: Id<AgentId>,
    expected: Version,
    body: Body<AgentChanges>,
) -> Reply<Json<AgentResponse>> {
    let AgentChanges { name, model, fallbacks, personality, tools, skills } = body.0;
    let patch = AgentPatch { name, model, fallbacks, personality, tools, skills };
    agents::change(&caller.cx, id.0, patch, expected.0).await?;
    Ok(Json(agents::get(&caller.cx, id.0).await?.into()))
}

/// Deletes an agent.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[delete("/agents/<id>")]
pub async fn remove(caller: Caller<Cookie>, id: Id<AgentId>) -> Reply<Status> {
    agents::remove(&caller.cx, id.0).await?;
    Ok(Status::NoContent)
}
