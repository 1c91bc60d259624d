//! `/api/container`: the caller's own container.

use super::providers::Enqueued;
use crate::{
    guards::{Caller, Chat, Cookie},
    problem::Reply,
    sse::Sse,
};
use fleet::containers::{self, Status as ContainerStatus};
use futures_util::StreamExt;
use rocket::{Shutdown, get, http::Status, post, response::stream::Event, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = CurrentContainer)]
pub struct Current {
    /// Null before the first message.
    container: Option<ContainerStatus>,
}

/// How it stands.
#[utoipa::path(
    responses((status = 200, description = "Done", body = Current)),
    security(("session" = []), ("token" = ["chat"]))
)]
#[get("/container")]
pub async fn status(caller: Caller<Chat>) -> Reply<Json<Current>> {
    Ok(Json(Current { container: containers::status(&caller.cx).await? }))
}

/// How it stands, now and at every change.
#[utoipa::path(
    responses((status = 200, description = "Event `container` now and at every change", body = Current, content_type = "text/event-stream")),
    security(("session" = []), ("token" = ["chat"]))
)]
#[get("/container/events")]
pub async fn events(caller: Caller<Chat>, shutdown: Shutdown) -> Reply<Sse> {
    let changes = containers::follow(&caller.cx).map(|status| match status {
        Ok(status) => Event::json(&Current { container: status }).event("container"),
        Err(_) => Event::comment("the database does not answer"),
    });
    Ok(Sse::new("container", changes, shutdown))
}

/// Starts it.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it goes on in the background", body = Enqueued))
)]
#[post("/container/start")]
pub async fn start(caller: Caller<Cookie>) -> Reply<(Status, Json<Enqueued>)> {
    accepted(containers::start(&caller.cx).await?)
}

/// Stops it; its state stays.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it goes on in the background", body = Enqueued))
)]
#[post("/container/stop")]
pub async fn stop(caller: Caller<Cookie>) -> Reply<(Status, Json<Enqueued>)> {
    accepted(containers::stop(&caller.cx).await?)
}

/// Makes it anew; its state stays.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it goes on in the background", body = Enqueued))
)]
#[post("/container/restart")]
pub async fn restart(caller: Caller<Cookie>) -> Reply<(Status, Json<Enqueued>)> {
    accepted(containers::restart(&caller.cx).await?)
}

fn accepted(job_id: domain::JobId) -> Reply<(Status, Json<Enqueued>)> {
    Ok((Status::Accepted, Json(Enqueued { job_id })))
}
