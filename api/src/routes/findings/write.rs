//! Saving, changing and forgetting findings.

use super::Shown;
use crate::{
    body::Body,
    guards::{Caller, Id, Knowledge},
    problem::Reply,
};
use domain::{AgentId, ChatId, FindingId, TurnId};
use fleet::{
    findings::{self, Draft, Patch, Source},
    knowledge::By,
};
use rocket::{delete, http::Status, patch, post, serde::json::Json};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = FindingSource)]
pub struct From {
    chat_id: Option<ChatId>,
    turn_id: Option<TurnId>,
    agent_id: Option<AgentId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewFinding)]
pub struct New {
    /// A line of at most 200 characters.
    title: Option<String>,
    /// At most 20,000 characters.
    content: String,
    /// At most 10 of at most 40 characters; case does not matter.
    #[serde(default)]
    tags: Vec<String>,
    /// How long it is to be kept; absent = for ever.
    ttl_seconds: Option<u32>,
    #[serde(default)]
    source: From,
}

/// Saves a finding. One with the same content takes it in, and is what is answered.
#[utoipa::path(
    request_body = New,
    responses(
        (status = 201, description = "Saved", body = Shown),
        (status = 200, description = "Merged with one that was there", body = Shown)
    ),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[post("/findings", data = "<body>")]
pub async fn create(caller: Caller<Knowledge>, body: Body<New>) -> Reply<(Status, Json<Shown>)> {
    let New { title, content, tags, ttl_seconds, source } = body.0;
    let source = Source { chat: source.chat_id, turn: source.turn_id, agent: source.agent_id };
    let draft = Draft { title, content, tags, ttl_seconds, source, by: By::Person };
    let saved = findings::save(&caller.cx, draft).await?;
    let status = if saved.merged { Status::Ok } else { Status::Created };
    Ok((status, Json(saved.view.into())))
}

/// Tells null, which clears a field, from absence, which leaves it.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = FindingChanges)]
pub struct Changes {
    /// Null takes it away.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    title: Option<Option<String>>,
    content: Option<String>,
    tags: Option<Vec<String>>,
    /// How long from now it is to be kept; null = for ever.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<u32>)]
    ttl_seconds: Option<Option<u32>>,
}

/// Changes the named fields of a finding.
#[utoipa::path(
    request_body = Changes,
    responses((status = 200, description = "Done", body = Shown)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[patch("/findings/<id>", data = "<body>")]
pub async fn change(caller: Caller<Knowledge>, id: Id<FindingId>, body: Body<Changes>) -> Reply<Json<Shown>> {
    let Changes { title, content, tags, ttl_seconds } = body.0;
    let patch = Patch { title, content, tags, ttl_seconds };
    Ok(Json(findings::change(&caller.cx, id.0, patch).await?.into()))
}

/// Forgets a finding.
#[utoipa::path(
    responses((status = 204, description = "Done")),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[delete("/findings/<id>")]
pub async fn remove(caller: Caller<Knowledge>, id: Id<FindingId>) -> Reply<Status> {
    findings::remove(&caller.cx, id.0).await?;
    Ok(Status::NoContent)
}
