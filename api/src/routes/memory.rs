//! `/api/memory`: the memory of agents.

use super::findings::parse_agent_id;
use crate::{
    body::Body,
    guards::{Caller, Knowledge},
    page,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::AgentId;
use fleet::{
    knowledge::SavedBy,
    memory::{self, Memory, MemoryVersion, MemoryWrite},
};
use rocket::{delete, get, http::Status, put, serde::json::Json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Memory)]
pub struct MemoryResponse {
    key: String,
    /// Any JSON.
    value: Value,
    /// Counts the writes and deletions of this key.
    version: i64,
    expires_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

impl From<Memory> for MemoryResponse {
    fn from(memory: Memory) -> Self {
        Self {
            key: memory.key,
            value: memory.value.unwrap_or_default(),
            version: memory.version,
            expires_at: memory.expires_at,
            updated_at: memory.updated_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemoryPage {
    items: Vec<MemoryResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The keys that begin with `prefix`, in order. Without `agentId`: the memory that all of the caller's agents share.
#[utoipa::path(
    params(
        ("agentId" = Option<AgentId>, Query, description = "The agent; absent = the memory that all agents share"),
        ("prefix" = Option<String>, Query, description = "The beginning of the keys"),
    ),
    responses((status = 200, description = "Done", body = MemoryPage)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[allow(non_snake_case)] // As in the query.
#[get("/memory?<agentId>&<prefix>&<limit>&<cursor>")]
pub async fn list(
    caller: Caller<Knowledge>,
    agentId: Option<&str>,
    prefix: Option<&str>,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Reply<Json<MemoryPage>> {
    let limit = page::limit(limit);
    let found =
        memory::list(&caller.cx, parse_agent_id(agentId)?, prefix.unwrap_or_default(), cursor, limit).await?;
    let next_cursor = page::next_cursor(&found, limit, |last| last.key.clone());
    Ok(Json(MemoryPage { items: found.into_iter().map(MemoryResponse::from).collect(), next_cursor }))
}

/// The value of a key.
#[utoipa::path(
    params(("agentId" = Option<AgentId>, Query, description = "The agent; absent = the memory that all agents share")),
    responses((status = 200, description = "Done", body = MemoryResponse)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[allow(non_snake_case)]
#[get("/memory/<key>?<agentId>")]
pub async fn get(caller: Caller<Knowledge>, key: &str, agentId: Option<&str>) -> Reply<Json<MemoryResponse>> {
    Ok(Json(memory::get(&caller.cx, parse_agent_id(agentId)?, key).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMemory {
    /// Any JSON, at most 64 KiB.
    value: Value,
    /// Write only if this is the current version; 0 = only if the key does not exist.
    if_version: Option<i64>,
    /// How long to keep it; absent = forever.
    ttl_seconds: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct MemoryWritten {
    key: String,
    value: Value,
    version: i64,
}

/// Writes a value. If the version is not `ifVersion`, the response is 409.
#[utoipa::path(
    params(("agentId" = Option<AgentId>, Query, description = "The agent; absent = the memory that all agents share")),
    request_body = NewMemory,
    responses((status = 200, description = "Done", body = MemoryWritten)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[allow(non_snake_case)]
#[put("/memory/<key>?<agentId>", data = "<body>")]
pub async fn put(
    caller: Caller<Knowledge>,
    key: &str,
    agentId: Option<&str>,
    body: Body<NewMemory>,
) -> Reply<Json<MemoryWritten>> {
    let NewMemory { value, if_version, ttl_seconds } = body.0;
    let put = MemoryWrite {
        agent: parse_agent_id(agentId)?,
        key: key.to_owned(),
        value,
        if_version,
        ttl_seconds,
        by: SavedBy::Person,
    };
    let written = memory::put(&caller.cx, put).await?;
    let (key, value, version) = (written.key, written.value.unwrap_or_default(), written.version);
    Ok(Json(MemoryWritten { key, value, version }))
}

/// Deletes a key.
#[utoipa::path(
    params(("agentId" = Option<AgentId>, Query, description = "The agent; absent = the memory that all agents share")),
    responses((status = 204, description = "Done")),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[allow(non_snake_case)]
#[delete("/memory/<key>?<agentId>")]
pub async fn remove(caller: Caller<Knowledge>, key: &str, agentId: Option<&str>) -> Reply<Status> {
    memory::remove(&caller.cx, parse_agent_id(agentId)?, key, SavedBy::Person).await?;
    Ok(Status::NoContent)
}

/// One version of a key.
#[derive(Serialize, ToSchema)]
#[schema(as = MemoryVersion)]
pub struct MemoryVersionResponse {
    version: i64,
    /// Its value; null also if the key was deleted.
    value: Option<Value>,
    at: DateTime<Utc>,
    /// `person` or `agent`.
    by: String,
}

impl From<MemoryVersion> for MemoryVersionResponse {
    fn from(past: MemoryVersion) -> Self {
        Self { version: past.version, value: past.value, at: past.at, by: past.by }
    }
}

#[derive(Serialize, ToSchema)]
pub struct MemoryHistory {
    items: Vec<MemoryVersionResponse>,
}

/// The latest versions of a key, also of a deleted one; the latest first.
#[utoipa::path(
    params(("agentId" = Option<AgentId>, Query, description = "The agent; absent = the memory that all agents share")),
    responses((status = 200, description = "Done", body = MemoryHistory)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[allow(non_snake_case)]
#[get("/memory/<key>/history?<agentId>")]
pub async fn history(
    caller: Caller<Knowledge>,
    key: &str,
    agentId: Option<&str>,
) -> Reply<Json<MemoryHistory>> {
    let past = memory::history(&caller.cx, parse_agent_id(agentId)?, key).await?;
    Ok(Json(MemoryHistory { items: past.into_iter().map(MemoryVersionResponse::from).collect() }))
}
