//! `/api/fleet/containers`, for admins.

use crate::{
    guards::{Admin, Caller, Id},
    page,
    problem::Reply,
    routes::providers::Enqueued,
};
use domain::ContainerId;
use fleet::{
    containers::Budget,
    overview::{self, Listed},
};
use rocket::{get, http::Status, post, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FleetPage)]
pub struct Page {
    items: Vec<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    budget: Budget,
}

/// Everybody's containers, by their users' names, and how the memory is shared out.
#[utoipa::path(responses((status = 200, description = "Done", body = Page)))]
#[get("/fleet/containers?<limit>&<cursor>")]
pub async fn list(caller: Caller<Admin>, limit: Option<u32>, cursor: Option<&str>) -> Reply<Json<Page>> {
    let limit = page::limit(limit);
    if cursor.is_some_and(|name| name.contains('\0')) {
        return Err(page::refused());
    }
    let items = overview::list(&caller.cx, cursor, limit).await?;
    let next_cursor = page::next(&items, limit, |last| last.user.username.clone());
    Ok(Json(Page { items, next_cursor, budget: overview::budget(&caller.cx).await? }))
}

/// Stops somebody's container; its state stays, the next message starts it again.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it goes on in the background", body = Enqueued))
)]
#[post("/fleet/containers/<id>/stop")]
pub async fn stop(caller: Caller<Admin>, id: Id<ContainerId>) -> Reply<(Status, Json<Enqueued>)> {
    Ok((Status::Accepted, Json(Enqueued { job_id: overview::stop(&caller.cx, id.0).await? })))
}

/// Makes somebody's container anew from the present image and settings; its state stays.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it goes on in the background", body = Enqueued))
)]
#[post("/fleet/containers/<id>/restart")]
pub async fn restart(caller: Caller<Admin>, id: Id<ContainerId>) -> Reply<(Status, Json<Enqueued>)> {
    Ok((Status::Accepted, Json(Enqueued { job_id: overview::restart(&caller.cx, id.0).await? })))
}
