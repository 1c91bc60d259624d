//! `/api/fleet/self-test`: the walls around agents, tried out.

use crate::{
    guards::{Admin, Caller},
    if_any::{IfAny, if_any},
    problem::Reply,
    routes::providers::Enqueued,
};
use fleet::isolation::{self, Report};
use rocket::{get, http::Status, post, serde::json::Json};

/// Tries out the walls around agents, as a job.
#[utoipa::path(
    operation_id = "run",
    responses((status = 202, description = "Accepted: it goes on in the background", body = Enqueued))
)]
#[post("/fleet/self-test")]
pub async fn run(caller: Caller<Admin>) -> Reply<(Status, Json<Enqueued>)> {
    Ok((Status::Accepted, Json(Enqueued { job_id: isolation::enqueue(&caller.cx).await? })))
}

/// What the latest run found: each denial and each permission with how it was tried and how it was proven.
#[utoipa::path(responses(
    (status = 200, description = "Done", body = Report),
    (status = 204, description = "It was never run"),
))]
#[get("/fleet/self-test")]
pub async fn get(caller: Caller<Admin>) -> Reply<IfAny<Report>> {
    Ok(if_any(isolation::report(&caller.cx).await?))
}
