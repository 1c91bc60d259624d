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

/// The largest page.
const PAGE: u32 = 200;

/// Which jobs, in the address of a list or in the body of an action.
#[derive(FromForm, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[schema(as = JobFilter)]
pub struct Query {
    state: Option<String>,
    kind: Option<String>,
    lane: Option<String>,
    q: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

impl From<Query> for Filter {
    fn from(query: Query) -> Self {
        let Query { state, kind, lane, q, from, to } = query;
        Self { state, kind, lane, q, from, to }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobPage)]
pub struct Page {
    items: Vec<Job>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<JobId>,
}

/// Jobs, the newest first.
#[utoipa::path(params(Query), responses((status = 200, description = "Done", body = Page)), security(("session" = []), ("token" = ["jobs"])))]
#[get("/jobs?<limit>&<cursor>&<query..>")]
pub async fn list(
    caller: Caller<Jobs>,
    limit: Option<u32>,
    cursor: Option<&str>,
    query: Query,
) -> Reply<Json<Page>> {
    let limit = limit.unwrap_or(50).clamp(1, PAGE);
    let before = cursor.map(|text| text.parse().map_err(|_| page::refused())).transpose()?;
    let items = jobs::list(&super::board(&caller), query.into(), before, limit).await?;
    let next_cursor = page::next(&items, limit, |job| job.id);
    Ok(Json(Page { items, next_cursor }))
}
