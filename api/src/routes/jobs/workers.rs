//! `GET /api/workers`, for admins.

use super::Items;
use crate::{
    guards::{Caller, Cookie},
    problem::Reply,
};
use fleet::jobs::{self, Worker};
use rocket::{get, serde::json::Json};

/// Who works, since when, and on how much.
#[get("/workers")]
pub async fn list(caller: Caller<Cookie>) -> Reply<Json<Items<Worker>>> {
    Ok(Json(Items { items: jobs::workers(&caller.cx).await? }))
}
