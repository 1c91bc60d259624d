//! `GET /api/workers`, for admins.

use super::Items;
use crate::{
    guards::{Admin, Caller},
    problem::Reply,
};
use fleet::jobs::{self, Worker};
use rocket::{get, serde::json::Json};

/// Who works, since when, and on how much.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<Worker>)))]
#[get("/workers")]
pub async fn list(caller: Caller<Admin>) -> Reply<Json<Items<Worker>>> {
    Ok(Json(Items { items: jobs::workers(&caller.cx).await? }))
}
