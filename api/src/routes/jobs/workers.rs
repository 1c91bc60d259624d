//! `GET /api/workers`, for admins.

use crate::{
    guards::{Admin, Caller},
    page::Items,
    problem::Reply,
};
use fleet::jobs::{self, Worker};
use rocket::{get, serde::json::Json};

/// The workers, since when they run, and what they work on.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<Worker>)))]
#[get("/workers")]
pub async fn list(caller: Caller<Admin>) -> Reply<Json<Items<Worker>>> {
    Ok(Json(Items { items: jobs::workers(&caller.cx).await? }))
}
