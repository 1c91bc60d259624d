//! `/api/jobs`: what happens for the caller.

use crate::{
    guards::{Caller, Id, Jobs},
    problem::Reply,
};
use domain::JobId;
use fleet::jobs::{self, Job};
use rocket::{get, serde::json::Json};

/// One of the caller's jobs with its attempts and phases.
#[utoipa::path(
    responses((status = 200, description = "Done", body = Job)),
    security(("session" = []), ("token" = ["jobs"]))
)]
#[get("/jobs/<id>")]
pub async fn get(caller: Caller<Jobs>, id: Id<JobId>) -> Reply<Json<Job>> {
    Ok(Json(jobs::get(&caller.cx, id.0).await?))
}
