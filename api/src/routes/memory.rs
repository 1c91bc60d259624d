//! `/api/memory`: what agents remember.

use super::findings::agent;
use crate::{
    body::Body,
    guards::{Caller, Knowledge},
    page,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::AgentId;
use fleet::{
    knowledge::By,
    memory::{self, Memory, Past, Put},
};
use rocket::{delete, get, http::Status, put, serde::json::Json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Memory)]
pub struct Shown {
    key: String,
    /// Any JSON.
    value: Value,
    /// Counts writes and deletions of the key.
    version: i64,
    expires_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

impl From<Memory> for Shown {
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
#[schema(as = MemoryPage)]
pub struct Page {
    items: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Keys that begin with `prefix`, in their order. Without `agentId`: what all of the caller's agents share.
#[utoipa::path(
    params(
        ("agentId" = Option<AgentId>, Query, description = "Whose memory; absent = shared by all agents"),
        ("prefix" = Option<String>, Query, description = "How the keys begin"),
    ),
    responses((status = 200, description = "Done", body = Page)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[allow(non_snake_case)] // As it is spelled in the address.
#[get("/memory?<agentId>&<prefix>&<limit>&<cursor>")]
pub async fn list(
    caller: Caller<Knowledge>,
    agentId: Option<&str>,
    prefix: Option<&str>,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Reply<Json<Page>> {
    let limit = page::limit(limit);
    let found = memory::list(&caller.cx, agent(agentId)?, prefix.unwrap_or_default(), cursor, limit).await?;
    let next_cursor = page::next(&found, limit, |last| last.key.clone());
    Ok(Json(Page { items: found.into_iter().map(Shown::from).collect(), next_cursor }))
}

/// What is remembered by this key.
#[utoipa::path(
    params(("agentId" = Option<AgentId>, Query, description = "Whose memory; absent = shared by all agents")),
    responses((status = 200, description = "Done", body = Shown)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[allow(non_snake_case)]
#[get("/memory/<key>?<agentId>")]
pub async fn get(caller: Caller<Knowledge>, key: &str, agentId: Option<&str>) -> Reply<Json<Shown>> {
    Ok(Json(memory::get(&caller.cx, agent(agentId)?, key).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewMemory)]
pub struct New {
    /// Any JSON of at most 64 KiB.
    value: Value,
    /// Only if this is the version now; 0 = only if there is none.
    if_version: Option<i64>,
    /// How long it is to be remembered; absent = for ever.
    ttl_seconds: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MemoryWritten)]
pub struct Written {
    key: String,
    value: Value,
    version: i64,
}

/// Remembers a value. Another version than `ifVersion` answers 409.
#[utoipa::path(
    params(("agentId" = Option<AgentId>, Query, description = "Whose memory; absent = shared by all agents")),
    request_body = New,
    responses((status = 200, description = "Done", body = Written)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[allow(non_snake_case)]
#[put("/memory/<key>?<agentId>", data = "<body>")]
pub async fn put(
    caller: Caller<Knowledge>,
    key: &str,
    agentId: Option<&str>,
    body: Body<New>,
) -> Reply<Json<Written>> {
    let New { value, if_version, ttl_seconds } = body.0;
    let put =
        Put { agent: agent(agentId)?, key: key.to_owned(), value, if_version, ttl_seconds, by: By::Person };
    let written = memory::put(&caller.cx, put).await?;
    let (key, value, version) = (written.key, written.value.unwrap_or_default(), written.version);
    Ok(Json(Written { key, value, version }))
}

/// Forgets a key.
#[utoipa::path(
    params(("agentId" = Option<AgentId>, Query, description = "Whose memory; absent = shared by all agents")),
    responses((status = 204, description = "Done")),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[allow(non_snake_case)]
#[delete("/memory/<key>?<agentId>")]
pub async fn remove(caller: Caller<Knowledge>, key: &str, agentId: Option<&str>) -> Reply<Status> {
    memory::remove(&caller.cx, agent(agentId)?, key, By::Person).await?;
    Ok(Status::NoContent)
}

/// One version of a key.
#[derive(Serialize, ToSchema)]
#[schema(as = MemoryVersion)]
pub struct Version {
    version: i64,
    /// What it was set to; null also when it was deleted.
    value: Option<Value>,
    at: DateTime<Utc>,
    /// `person` or `agent`.
    by: String,
}

impl From<Past> for Version {
    fn from(past: Past) -> Self {
        Self { version: past.version, value: past.value, at: past.at, by: past.by }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = MemoryHistory)]
pub struct History {
    items: Vec<Version>,
}

/// The latest versions of a key, also of one that was deleted; latest first.
#[utoipa::path(
    params(("agentId" = Option<AgentId>, Query, description = "Whose memory; absent = shared by all agents")),
    responses((status = 200, description = "Done", body = History)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[allow(non_snake_case)]
#[get("/memory/<key>/history?<agentId>")]
pub async fn history(caller: Caller<Knowledge>, key: &str, agentId: Option<&str>) -> Reply<Json<History>> {
    let past = memory::history(&caller.cx, agent(agentId)?, key).await?;
    Ok(Json(History { items: past.into_iter().map(Version::from).collect() }))
}
