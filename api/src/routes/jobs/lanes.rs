//! `/api/lanes`, for admins.

use super::Items;
use crate::{
    body::Body,
    guards::{Caller, Cookie},
    problem::Reply,
};
use fleet::jobs::{self, Lane};
use rocket::{get, http::Status, patch, post, serde::json::Json};
use serde::{Deserialize, Deserializer};

/// How the lanes stand.
#[get("/lanes")]
pub async fn list(caller: Caller<Cookie>) -> Reply<Json<Items<Lane>>> {
    Ok(Json(Items { items: jobs::lanes(&caller.cx).await? }))
}

/// Takes nothing more from it.
#[post("/lanes/<name>/pause")]
pub async fn pause(caller: Caller<Cookie>, name: &str) -> Reply<Status> {
    jobs::pause_lane(&caller.cx, name).await?;
    Ok(Status::NoContent)
}

/// Opens it again.
#[post("/lanes/<name>/resume")]
pub async fn resume(caller: Caller<Cookie>, name: &str) -> Reply<Status> {
    jobs::resume_lane(&caller.cx, name).await?;
    Ok(Status::NoContent)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Null lifts the limit, so it is not the same as leaving it out.
    #[serde(default, deserialize_with = "said")]
    concurrency: Option<Option<i64>>,
}

fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Limits how many of its jobs run at once.
#[patch("/lanes/<name>", data = "<body>")]
pub async fn limit(caller: Caller<Cookie>, name: &str, body: Body<Limit>) -> Reply<Status> {
    jobs::limit_lane(&caller.cx, name, body.0.concurrency).await?;
    Ok(Status::NoContent)
}
