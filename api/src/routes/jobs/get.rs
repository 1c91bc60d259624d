//! `GET /api/jobs/{id}`.

use crate::{
    guards::{Caller, Id, Jobs},
    problem::Reply,
};
use domain::JobId;
use fleet::jobs::{self, Detail};
use rocket::{get, serde::json::Json};

/// A job with its attempts, their phases, and why it waits.
#[utoipa::path(responses((status = 200, description = "Done", body = Detail)), security(("session" = []), ("token" = ["jobs"])))]
#[get("/jobs/<id>", rank = 2)]
pub async fn get(caller: Caller<Jobs>, id: Id<JobId>) -> Reply<Json<Detail>> {
    Ok(Json(jobs::get(&super::board(&caller), id.0).await?))
}
