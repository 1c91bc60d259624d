//! `/api/fleet/self-test`: tests the isolation of agents.

use crate::{
    enqueued::{Accepted, EnqueuedResponse, accepted},
    guards::{Admin, Caller},
    optional::{OptionalJson, optional_json},
    problem::Reply,
};
use fleet::isolation::{self, SelfTestReport};
use rocket::{get, post};

/// Tests the isolation of agents, as a job.
#[utoipa::path(
    operation_id = "run",
    responses((status = 202, description = "Accepted: it continues in the background", body = EnqueuedResponse))
)]
#[post("/fleet/self-test")]
pub async fn run(caller: Caller<Admin>) -> Reply<Accepted> {
    Ok(accepted(isolation::enqueue(&caller.cx).await?))
}

/// The result of the latest run: each denied and each allowed connection, with the test and the proof.
#[utoipa::path(responses(
    (status = 200, description = "Done", body = SelfTestReport),
    (status = 204, description = "It has not been run yet"),
))]
#[get("/fleet/self-test")]
pub async fn get(caller: Caller<Admin>) -> Reply<OptionalJson<SelfTestReport>> {
    Ok(optional_json(isolation::report(&caller.cx).await?))
}
