//! `/api/fleet/containers`, for admins.

use crate::{
    enqueued::{Accepted, EnqueuedResponse, accepted},
    guards::{Admin, Caller, Id},
    page,
    problem::Reply,
};
use domain::ContainerId;
use fleet::{
    containers::Budget,
    overview::{self, FleetContainerResponse},
};
use rocket::{get, post, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FleetPage {
    items: Vec<FleetContainerResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    budget: Budget,
}

/// All containers in order of their users' names, and the memory budget.
#[utoipa::path(responses((status = 200, description = "Done", body = FleetPage)))]
#[get("/fleet/containers?<limit>&<cursor>")]
pub async fn list(caller: Caller<Admin>, limit: Option<u32>, cursor: Option<&str>) -> Reply<Json<FleetPage>> {
    let limit = page::limit(limit);
    if cursor.is_some_and(|name| name.contains('\0')) {
        return Err(page::bad_cursor());
    }
    let items = overview::list(&caller.cx, cursor, limit).await?;
    let next_cursor = page::next_cursor(&items, limit, |last| last.user.username.clone());
    Ok(Json(FleetPage { items, next_cursor, budget: overview::budget(&caller.cx).await? }))
}

/// Stops a user's container. Its state is kept, and the next message starts it again.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it continues in the background", body = EnqueuedResponse))
)]
#[post("/fleet/containers/<id>/stop")]
pub async fn stop(caller: Caller<Admin>, id: Id<ContainerId>) -> Reply<Accepted> {
    Ok(accepted(overview::stop(&caller.cx, id.0).await?))
}

/// Recreates a user's container from the current image and settings. Its state is kept.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it continues in the background", body = EnqueuedResponse))
)]
#[post("/fleet/containers/<id>/restart")]
pub async fn restart(caller: Caller<Admin>, id: Id<ContainerId>) -> Reply<Accepted> {
    Ok(accepted(overview::restart(&caller.cx, id.0).await?))
}
