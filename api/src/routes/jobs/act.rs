//! `POST /api/jobs/{retry,cancel,discard}`: actions on several jobs at once.

use super::list::JobQuery;
use crate::{
    body::Body,
    guards::{Caller, Jobs},
    problem::Reply,
};
use domain::JobId;
use fleet::jobs::{self, Acted, Action, JobSelection};
use rocket::{post, serde::json::Json};
use serde::Deserialize;
use utoipa::ToSchema;

/// Exactly one of both must be given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = JobChoice)]
pub struct BulkTarget {
    ids: Option<Vec<JobId>>,
    filter: Option<JobQuery>,
}

/// Enqueues jobs again that ended without success.
#[utoipa::path(request_body = BulkTarget, responses((status = 200, description = "Done", body = Acted)), security(("session" = []), ("token" = ["jobs"])))]
#[post("/jobs/retry", data = "<body>")]
pub async fn retry(caller: Caller<Jobs>, body: Body<BulkTarget>) -> Reply<Json<Acted>> {
    act(&caller, Action::Retry, body.0).await
}

/// Cancels waiting and running jobs.
#[utoipa::path(request_body = BulkTarget, responses((status = 200, description = "Done", body = Acted)), security(("session" = []), ("token" = ["jobs"])))]
#[post("/jobs/cancel", data = "<body>")]
pub async fn cancel(caller: Caller<Jobs>, body: Body<BulkTarget>) -> Reply<Json<Acted>> {
    act(&caller, Action::Cancel, body.0).await
}

/// Deletes finished jobs from the history.
#[utoipa::path(request_body = BulkTarget, responses((status = 200, description = "Done", body = Acted)), security(("session" = []), ("token" = ["jobs"])))]
#[post("/jobs/discard", data = "<body>")]
pub async fn discard(caller: Caller<Jobs>, body: Body<BulkTarget>) -> Reply<Json<Acted>> {
    act(&caller, Action::Discard, body.0).await
}

async fn act(caller: &Caller<Jobs>, action: Action, target: BulkTarget) -> Reply<Json<Acted>> {
    let selection = JobSelection::parse(target.ids, target.filter.map(Into::into))?;
    Ok(Json(jobs::act(&super::board(caller), action, selection).await?))
}
