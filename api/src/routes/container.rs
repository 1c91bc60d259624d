//! `/api/container`: the caller's own container.

use crate::{
    enqueued::{Accepted, EnqueuedResponse, accepted},
    guards::{Caller, Chat, Cookie},
    problem::Reply,
    sse::Sse,
};
use fleet::containers::{self, ContainerStatus};
use futures_util::StreamExt;
use rocket::{Shutdown, get, post, response::stream::Event, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct CurrentContainer {
    /// Null before the first message.
    container: Option<ContainerStatus>,
}

/// The container's state.
#[utoipa::path(
    responses((status = 200, description = "Done", body = CurrentContainer)),
    security(("session" = []), ("token" = ["chat"]))
)]
#[get("/container")]
pub async fn status(caller: Caller<Chat>) -> Reply<Json<CurrentContainer>> {
    Ok(Json(CurrentContainer { container: containers::status(&caller.cx).await? }))
}

/// The container's state, now and after each change.
#[utoipa::path(
    responses((status = 200, description = "The event `container` now and after each change", body = CurrentContainer, content_type = "text/event-stream")),
    security(("session" = []), ("token" = ["chat"]))
)]
#[get("/container/events")]
pub async fn events(caller: Caller<Chat>, shutdown: Shutdown) -> Reply<Sse> {
    let changes = containers::follow(&caller.cx).map(|status| match status {
        Ok(status) => Event::json(&CurrentContainer { container: status }).event("container"),
        Err(_) => Event::comment("the database does not answer"),
    });
    Ok(Sse::new("container", changes, shutdown))
}

/// Starts the container.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it continues in the background", body = EnqueuedResponse))
)]
#[post("/container/start")]
pub async fn start(caller: Caller<Cookie>) -> Reply<Accepted> {
    Ok(accepted(containers::start(&caller.cx).await?))
}

/// Stops the container. Its state is kept.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it continues in the background", body = EnqueuedResponse))
)]
#[post("/container/stop")]
pub async fn stop(caller: Caller<Cookie>) -> Reply<Accepted> {
    Ok(accepted(containers::stop(&caller.cx).await?))
}

/// Recreates the container. Its state is kept.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it continues in the background", body = EnqueuedResponse))
)]
#[post("/container/restart")]
pub async fn restart(caller: Caller<Cookie>) -> Reply<Accepted> {
    Ok(accepted(containers::restart(&caller.cx).await?))
}
