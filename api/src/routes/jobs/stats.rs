//! `GET /api/jobs/stats`.

use crate::{
    guards::{Caller, Jobs},
    problem::Reply,
};
use fleet::jobs::{self, Stats};
use rocket::{get, serde::json::Json};
use std::sync::Arc;

/// Counts of jobs by state, and their throughput and durations.
#[utoipa::path(responses((status = 200, description = "Done", body = Stats)), security(("session" = []), ("token" = ["jobs"])))]
#[get("/jobs/stats", rank = 1)]
pub async fn stats(caller: Caller<Jobs>) -> Reply<Json<Arc<Stats>>> {
    Ok(Json(jobs::stats(&super::board(&caller)).await?))
}
