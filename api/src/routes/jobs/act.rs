//! `POST /api/jobs/{retry,cancel,discard}`: of many jobs at once.

use super::list::Query;
use crate::{
    body::Body,
    guards::{Caller, Jobs},
    problem::Reply,
};
use domain::JobId;
use fleet::jobs::{self, Acted, Action, Choice};
use rocket::{post, serde::json::Json};
use serde::Deserialize;
use utoipa::ToSchema;

/// Which: exactly one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = JobChoice)]
pub struct Meant {
    ids: Option<Vec<JobId>>,
    filter: Option<Query>,
}

/// Puts back into the queue what ended without success.
#[utoipa::path(request_body = Meant, responses((status = 200, description = "Done", body = Acted)), security(("session" = []), ("token" = ["jobs"])))]
#[post("/jobs/retry", data = "<body>")]
pub async fn retry(caller: Caller<Jobs>, body: Body<Meant>) -> Reply<Json<Acted>> {
    act(&caller, Action::Retry, body.0).await
}

/// Asks what waits or runs to end.
#[utoipa::path(request_body = Meant, responses((status = 200, description = "Done", body = Acted)), security(("session" = []), ("token" = ["jobs"])))]
#[post("/jobs/cancel", data = "<body>")]
pub async fn cancel(caller: Caller<Jobs>, body: Body<Meant>) -> Reply<Json<Acted>> {
    act(&caller, Action::Cancel, body.0).await
}

/// Takes what is over out of the history.
#[utoipa::path(request_body = Meant, responses((status = 200, description = "Done", body = Acted)), security(("session" = []), ("token" = ["jobs"])))]
#[post("/jobs/discard", data = "<body>")]
pub async fn discard(caller: Caller<Jobs>, body: Body<Meant>) -> Reply<Json<Acted>> {
    act(&caller, Action::Discard, body.0).await
}

async fn act(caller: &Caller<Jobs>, action: Action, meant: Meant) -> Reply<Json<Acted>> {
    let choice = Choice::parse(meant.ids, meant.filter.map(Into::into))?;
    Ok(Json(jobs::act(&super::board(caller), action, choice).await?))
}
