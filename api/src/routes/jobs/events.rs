//! `GET /api/jobs/events`.

use crate::{
    guards::{Caller, Jobs},
    problem::Reply,
    sse::Sse,
};
use fleet::jobs;
use futures_util::StreamExt;
use rocket::{Shutdown, get, response::stream::Event};

/// The counts and the changed jobs, now and at most once a second after a change.
#[utoipa::path(responses((status = 200, description = "The event `jobs`, at most once a second", body = jobs::Changes, content_type = "text/event-stream")), security(("session" = []), ("token" = ["jobs"])))]
#[get("/jobs/events", rank = 1)]
pub async fn events(caller: Caller<Jobs>, shutdown: Shutdown) -> Reply<Sse> {
    let changes = jobs::follow(&super::board(&caller)).map(|changes| match changes {
        Ok(changes) => Event::json(&changes).event("jobs"),
        Err(_) => Event::comment("the database does not answer"),
    });
    Ok(Sse::new("jobs", changes, shutdown))
}
