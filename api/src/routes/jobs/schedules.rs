//! `/api/schedules`, for admins.

use super::Items;
use crate::{
    body::Body,
    guards::{Admin, Caller},
    problem::Reply,
    routes::providers::Enqueued,
};
use fleet::jobs::{self, Patch, Schedule};
use rocket::{get, http::Status, patch, post, serde::json::Json};
use serde::Deserialize;
use utoipa::ToSchema;

/// What comes round by the clock, and when next.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<Schedule>)))]
#[get("/schedules")]
pub async fn list(caller: Caller<Admin>) -> Reply<Json<Items<Schedule>>> {
    Ok(Json(Items { items: jobs::schedules(&caller.cx).await? }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScheduleChanges)]
pub struct Change {
    cron: Option<String>,
    enabled: Option<bool>,
}

/// Changes when it comes, or switches it.
#[utoipa::path(request_body = Change, responses((status = 200, description = "Done", body = Schedule)))]
#[patch("/schedules/<name>", data = "<body>")]
pub async fn change(caller: Caller<Admin>, name: &str, body: Body<Change>) -> Reply<Json<Schedule>> {
    let patch = Patch { cron: body.0.cron, enabled: body.0.enabled };
    Ok(Json(jobs::change_schedule(&caller.cx, name, patch).await?))
}

/// Enqueues its job now.
#[utoipa::path(responses((status = 202, description = "Accepted: it goes on in the background", body = Enqueued)))]
#[post("/schedules/<name>/run")]
pub async fn run(caller: Caller<Admin>, name: &str) -> Reply<(Status, Json<Enqueued>)> {
    let job_id = jobs::run_schedule(&caller.cx, name).await?;
    Ok((Status::Accepted, Json(Enqueued { job_id })))
}
