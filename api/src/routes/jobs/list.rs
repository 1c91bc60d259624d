//! `GET /api/jobs`.

use crate::{
    guards::{Caller, Jobs},
    page,
    problem::Reply,
};
use domain::JobId;
use fleet::jobs::{self, Filter, Job};
use rocket::{FromForm, get, serde::json::Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// Which jobs, in the query of a list or in the body of an action.
#[derive(FromForm, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[schema(as = JobFilter)]
pub struct JobQuery {
    state: Option<String>,
    kind: Option<String>,
    lane: Option<String>,
    q: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

impl From<JobQuery> for Filter {
    fn from(query: JobQuery) -> Self {
        let JobQuery { state, kind, lane, q, from, to } = query;
        Self { state, kind, lane, q, from, to }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobPage {
    items: Vec<Job>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<JobId>,
}

/// Jobs, the newest first.
#[utoipa::path(params(JobQuery), responses((status = 200, description = "Done", body = JobPage)), security(("session" = []), ("token" = ["jobs"])))]
#[get("/jobs?<limit>&<cursor>&<query..>")]
pub async fn list(
    caller: Caller<Jobs>,
    limit: Option<u32>,
    cursor: Option<&str>,
    query: JobQuery,
) -> Reply<Json<JobPage>> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let before = cursor.map(|text| text.parse().map_err(|_| page::bad_cursor())).transpose()?;
    let items = jobs::list(&super::board(&caller), query.into(), before, limit).await?;
    let next_cursor = page::next_cursor(&items, limit, |job| job.id);
    Ok(Json(JobPage { items, next_cursor }))
}
