//! `/api/lanes`, for admins.

use crate::{
    body::{self, Body},
    guards::{Admin, Caller},
    page::Items,
    problem::Reply,
};
use fleet::jobs::{self, Lane};
use rocket::{get, http::Status, patch, post, serde::json::Json};
use serde::Deserialize;
use utoipa::ToSchema;

/// The lanes and their state.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<Lane>)))]
#[get("/lanes")]
pub async fn list(caller: Caller<Admin>) -> Reply<Json<Items<Lane>>> {
    Ok(Json(Items { items: jobs::lanes(&caller.cx).await? }))
}

/// Pauses a lane: no more of its jobs start.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[post("/lanes/<name>/pause")]
pub async fn pause(caller: Caller<Admin>, name: &str) -> Reply<Status> {
    jobs::pause_lane(&caller.cx, name).await?;
    Ok(Status::NoContent)
}

/// Resumes a lane.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[post("/lanes/<name>/resume")]
pub async fn resume(caller: Caller<Admin>, name: &str) -> Reply<Status> {
    jobs::resume_lane(&caller.cx, name).await?;
    Ok(Status::NoContent)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LaneLimit {
    /// Null removes the limit.
    #[serde(default, deserialize_with = "body::double_option")]
    #[schema(value_type = Option<i64>)]
    concurrency: Option<Option<i64>>,
}

/// Limits how many jobs of a lane run at the same time.
#[utoipa::path(request_body = LaneLimit, responses((status = 204, description = "Done")))]
#[patch("/lanes/<name>", data = "<body>")]
pub async fn limit(caller: Caller<Admin>, name: &str, body: Body<LaneLimit>) -> Reply<Status> {
    jobs::limit_lane(&caller.cx, name, body.0.concurrency).await?;
    Ok(Status::NoContent)
}
