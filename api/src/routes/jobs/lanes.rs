//! `/api/lanes`, for admins.

use super::Items;
use crate::{
    body::{self, Body},
    guards::{Admin, Caller},
    problem::Reply,
};
use fleet::jobs::{self, Lane};
use rocket::{get, http::Status, patch, post, serde::json::Json};
use serde::Deserialize;
use utoipa::ToSchema;

/// How the lanes stand.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<Lane>)))]
#[get("/lanes")]
pub async fn list(caller: Caller<Admin>) -> Reply<Json<Items<Lane>>> {
    Ok(Json(Items { items: jobs::lanes(&caller.cx).await? }))
}

/// Takes nothing more from it.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[post("/lanes/<name>/pause")]
pub async fn pause(caller: Caller<Admin>, name: &str) -> Reply<Status> {
    jobs::pause_lane(&caller.cx, name).await?;
    Ok(Status::NoContent)
}

/// Opens it again.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[post("/lanes/<name>/resume")]
pub async fn resume(caller: Caller<Admin>, name: &str) -> Reply<Status> {
    jobs::resume_lane(&caller.cx, name).await?;
    Ok(Status::NoContent)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LaneLimit)]
pub struct Limit {
    /// Null lifts the limit, so it is not the same as leaving it out.
    #[serde(default, deserialize_with = "body::said")]
    #[schema(value_type = Option<i64>)]
    concurrency: Option<Option<i64>>,
}

/// Limits how many of its jobs run at once.
#[utoipa::path(request_body = Limit, responses((status = 204, description = "Done")))]
#[patch("/lanes/<name>", data = "<body>")]
pub async fn limit(caller: Caller<Admin>, name: &str, body: Body<Limit>) -> Reply<Status> {
    jobs::limit_lane(&caller.cx, name, body.0.concurrency).await?;
    Ok(Status::NoContent)
}
