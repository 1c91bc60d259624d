//! `/api/schedules`, for admins.

use super::Items;
use crate::{
    body::Body,
    guards::{Caller, Cookie},
    problem::Reply,
    routes::providers::Enqueued,
};
use fleet::jobs::{self, Patch, Schedule};
use rocket::{get, http::Status, patch, post, serde::json::Json};
use serde::Deserialize;

/// What comes round by the clock, and when next.
#[get("/schedules")]
pub async fn list(caller: Caller<Cookie>) -> Reply<Json<Items<Schedule>>> {
    Ok(Json(Items { items: jobs::schedules(&caller.cx).await? }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    cron: Option<String>,
    enabled: Option<bool>,
}

/// Changes when it comes, or switches it.
#[patch("/schedules/<name>", data = "<body>")]
pub async fn change(caller: Caller<Cookie>, name: &str, body: Body<Change>) -> Reply<Json<Schedule>> {
    let patch = Patch { cron: body.0.cron, enabled: body.0.enabled };
    Ok(Json(jobs::change_schedule(&caller.cx, name, patch).await?))
}

/// Enqueues its job now.
#[post("/schedules/<name>/run")]
pub async fn run(caller: Caller<Cookie>, name: &str) -> Reply<(Status, Json<Enqueued>)> {
    let job_id = jobs::run_schedule(&caller.cx, name).await?;
    Ok((Status::Accepted, Json(Enqueued { job_id })))
}
