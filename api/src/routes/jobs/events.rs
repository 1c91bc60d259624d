//! `GET /api/jobs/events`.

use crate::{
    guards::{Caller, Jobs},
    problem::Reply,
    sse::Sse,
};
use fleet::jobs;
use futures_util::StreamExt;
use rocket::{Shutdown, get, response::stream::Event};

/// The numbers, now and once in every second in which something changed, with the jobs that did.
#[utoipa::path(responses((status = 200, description = "Event `jobs` once a second while something changes", body = jobs::Changes, content_type = "text/event-stream")), security(("session" = []), ("token" = ["jobs"])))]
#[get("/jobs/events", rank = 1)]
pub async fn events(caller: Caller<Jobs>, shutdown: Shutdown) -> Reply<Sse> {
    let changes = jobs::follow(&super::board(&caller)).map(|changes| match changes {
        Ok(changes) => Event::json(&changes).event("jobs"),
        Err(_) => Event::comment("the database does not answer"),
    });
    Ok(Sse::new("jobs", changes, shutdown))
}
