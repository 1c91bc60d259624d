//! Creates, changes and deletes findings.

use super::FindingResponse;
use crate::{
    body::{self, Body},
    guards::{Caller, Id, Knowledge},
    problem::Reply,
};
use domain::{AgentId, ChatId, FindingId, TurnId};
use fleet::{
    findings::{self, FindingDraft, FindingPatch, FindingSource},
    knowledge::SavedBy,
};
use rocket::{delete, http::Status, patch, post, serde::json::Json};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = FindingSource)]
pub struct NewFindingSource {
    chat_id: Option<ChatId>,
    turn_id: Option<TurnId>,
    agent_id: Option<AgentId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewFinding {
    /// A line of at most 200 characters.
    title: Option<String>,
    /// At most 20,000 characters.
    content: String,
    /// At most 10, with at most 40 characters each. Case does not matter.
    #[serde(default)]
    tags: Vec<String>,
    /// How long to keep it; absent = forever.
    ttl_seconds: Option<u32>,
    #[serde(default)]
    source: NewFindingSource,
}

/// Saves a finding. If one with the same content exists, merges them and returns that one.
#[utoipa::path(
    request_body = NewFinding,
    responses(
        (status = 201, description = "Saved", body = FindingResponse),
        (status = 200, description = "Merged with an existing one", body = FindingResponse)
    ),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[post("/findings", data = "<body>")]
pub async fn create(
    caller: Caller<Knowledge>,
    body: Body<NewFinding>,
) -> Reply<(Status, Json<FindingResponse>)> {
    let NewFinding { title, content, tags, ttl_seconds, source } = body.0;
    let source = FindingSource { chat: source.chat_id, turn: source.turn_id, agent: source.agent_id };
    let draft = FindingDraft { title, content, tags, ttl_seconds, source, by: SavedBy::Person };
    let saved = findings::save(&caller.cx, draft).await?;
    let status = if saved.merged { Status::Ok } else { Status::Created };
    Ok((status, Json(saved.view.into())))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct FindingChanges {
    /// Null removes it.
    #[serde(deserialize_with = "body::double_option")]
    #[schema(value_type = Option<String>)]
    title: Option<Option<String>>,
    content: Option<String>,
    tags: Option<Vec<String>>,
    /// How long to keep it from now on; null = forever.
    #[serde(deserialize_with = "body::double_option")]
    #[schema(value_type = Option<u32>)]
    ttl_seconds: Option<Option<u32>>,
}

/// FindingChanges the named fields of a finding.
#[utoipa::path(
    request_body = FindingChanges,
    responses((status = 200, description = "Done", body = FindingResponse)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[patch("/findings/<id>", data = "<body>")]
pub async fn change(
    caller: Caller<Knowledge>,
    id: Id<FindingId>,
    body: Body<FindingChanges>,
) -> Reply<Json<FindingResponse>> {
    let FindingChanges { title, content, tags, ttl_seconds } = body.0;
    let patch = FindingPatch { title, content, tags, ttl_seconds };
    Ok(Json(findings::change(&caller.cx, id.0, patch).await?.into()))
}

/// Deletes a finding.
#[utoipa::path(
    responses((status = 204, description = "Done")),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[delete("/findings/<id>")]
pub async fn remove(caller: Caller<Knowledge>, id: Id<FindingId>) -> Reply<Status> {
    findings::remove(&caller.cx, id.0).await?;
    Ok(Status::NoContent)
}
