//! `/api/fleet/system-containers`: the instance's own agents, for admins. Their providers, agents and chats are reached
//! by the usual routes with the header `X-Mosaic-Account` (`guards/caller.rs`).

use crate::{
    body::Body,
    enqueued::{Accepted, EnqueuedResponse, accepted},
    guards::{Admin, Caller, Id},
    page::Items,
    problem::Reply,
};
use domain::UserId;
use fleet::system_containers::{self, SystemContainerResponse};
use rocket::{delete, get, http::Status, patch, post, serde::json::Json};
use serde::Deserialize;
use utoipa::ToSchema;

/// All system containers, by name.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<SystemContainerResponse>)))]
#[get("/fleet/system-containers")]
pub async fn list(caller: Caller<Admin>) -> Reply<Json<Items<SystemContainerResponse>>> {
    Ok(Json(Items { items: system_containers::list(&caller.cx).await? }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSystemContainer {
    /// One word, which no other account has.
    name: String,
    /// What it is for, in one line.
    #[serde(default)]
    purpose: String,
}

/// Creates a system container: an account that no user signs in as, without a provider or an agent yet.
#[utoipa::path(
    request_body = NewSystemContainer,
    responses((status = 201, description = "Created", body = SystemContainerResponse))
)]
#[post("/fleet/system-containers", data = "<body>")]
pub async fn create(
    caller: Caller<Admin>,
    body: Body<NewSystemContainer>,
) -> Reply<(Status, Json<SystemContainerResponse>)> {
    let NewSystemContainer { name, purpose } = body.0;
    Ok((Status::Created, Json(system_containers::create(&caller.cx, &name, &purpose).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemContainerChanges {
    /// What it is for, in one line.
    purpose: String,
}

/// Changes the purpose of a system container.
#[utoipa::path(
    request_body = SystemContainerChanges,
    responses((status = 200, description = "Done", body = SystemContainerResponse))
)]
#[patch("/fleet/system-containers/<id>", data = "<body>")]
pub async fn change(
    caller: Caller<Admin>,
    id: Id<UserId>,
    body: Body<SystemContainerChanges>,
) -> Reply<Json<SystemContainerResponse>> {
    Ok(Json(system_containers::change(&caller.cx, id.0, &body.0.purpose).await?))
}

/// Deletes a system container and all of its data. This cannot be undone.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it is disabled at once, and deleted in the background", body = EnqueuedResponse))
)]
#[delete("/fleet/system-containers/<id>")]
pub async fn remove(caller: Caller<Admin>, id: Id<UserId>) -> Reply<Accepted> {
    Ok(accepted(system_containers::remove(&caller.cx, id.0).await?))
}
