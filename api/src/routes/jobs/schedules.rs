//! `/api/schedules`, for admins.

use crate::{
    body::Body,
    enqueued::{Accepted, EnqueuedResponse, accepted},
    guards::{Admin, Caller},
    page::Items,
    problem::Reply,
};
use fleet::jobs::{self, Patch, Schedule};
use rocket::{get, patch, post, serde::json::Json};
use serde::Deserialize;
use utoipa::ToSchema;

/// The schedules, and when they are next due.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<Schedule>)))]
#[get("/schedules")]
pub async fn list(caller: Caller<Admin>) -> Reply<Json<Items<Schedule>>> {
    Ok(Json(Items { items: jobs::schedules(&caller.cx).await? }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleChanges {
    cron: Option<String>,
    enabled: Option<bool>,
}

/// Changes when a schedule is due, or switches it on or off.
#[utoipa::path(request_body = ScheduleChanges, responses((status = 200, description = "Done", body = Schedule)))]
#[patch("/schedules/<name>", data = "<body>")]
pub async fn change(caller: Caller<Admin>, name: &str, body: Body<ScheduleChanges>) -> Reply<Json<Schedule>> {
    let patch = Patch { cron: body.0.cron, enabled: body.0.enabled };
    Ok(Json(jobs::change_schedule(&caller.cx, name, patch).await?))
}

/// Enqueues the job of a schedule now.
#[utoipa::path(responses((status = 202, description = "Accepted: it continues in the background", body = EnqueuedResponse)))]
#[post("/schedules/<name>/run")]
pub async fn run(caller: Caller<Admin>, name: &str) -> Reply<Accepted> {
    let job_id = jobs::run_schedule(&caller.cx, name).await?;
    Ok(accepted(job_id))
}
