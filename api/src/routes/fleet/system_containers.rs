//! `/api/fleet/system-containers`: the instance's own agents, for admins. What one of them has is reached by everybody's
//! routes with the header `X-Mosaic-Account` (`guards/caller.rs`).

use crate::{
    body::Body,
    guards::{Admin, Caller, Id},
    problem::Reply,
    routes::{providers::Enqueued, tokens::Items},
};
use domain::UserId;
use fleet::system_containers::{self, Listed};
use rocket::{delete, get, http::Status, patch, post, serde::json::Json};
use serde::Deserialize;
use utoipa::ToSchema;

/// All of them, by name.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<Listed>)))]
#[get("/fleet/system-containers")]
pub async fn list(caller: Caller<Admin>) -> Reply<Json<Items<Listed>>> {
    Ok(Json(Items { items: system_containers::list(&caller.cx).await? }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSystemContainer)]
pub struct New {
    /// One word; nobody else may have it.
    name: String,
    /// What it is for, in a line.
    #[serde(default)]
    purpose: String,
}

/// Makes one: an account that nobody signs in as. It has no provider and no agent yet.
#[utoipa::path(
    request_body = New,
    responses((status = 201, description = "Created", body = Listed))
)]
#[post("/fleet/system-containers", data = "<body>")]
pub async fn create(caller: Caller<Admin>, body: Body<New>) -> Reply<(Status, Json<Listed>)> {
    let New { name, purpose } = body.0;
    Ok((Status::Created, Json(system_containers::create(&caller.cx, &name, &purpose).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SystemContainerChanges)]
pub struct Changes {
    /// What it is for, in a line.
    purpose: String,
}

/// Says anew what one is for.
#[utoipa::path(
    request_body = Changes,
    responses((status = 200, description = "Done", body = Listed))
)]
#[patch("/fleet/system-containers/<id>", data = "<body>")]
pub async fn change(caller: Caller<Admin>, id: Id<UserId>, body: Body<Changes>) -> Reply<Json<Listed>> {
    Ok(Json(system_containers::change(&caller.cx, id.0, &body.0.purpose).await?))
}

/// Removes one with everything that is its own. There is no way back.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it is shut at once, the rest goes on in the background", body = Enqueued))
)]
#[delete("/fleet/system-containers/<id>")]
pub async fn remove(caller: Caller<Admin>, id: Id<UserId>) -> Reply<(Status, Json<Enqueued>)> {
    Ok((Status::Accepted, Json(Enqueued { job_id: system_containers::remove(&caller.cx, id.0).await? })))
}
