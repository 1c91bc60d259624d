//! Health checks, and the version.

use crate::problem::{Problem, Reply};
use fleet::Services;
use rocket::{State, get, http::Status, serde::json::Json};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The process answers.
#[utoipa::path(
    responses((status = 200, description = "Done", body = String, content_type = "text/plain")),
    security(())
)]
#[get("/healthz")]
pub fn healthz() -> &'static str {
    "ok"
}

/// The database answers and has the schema this version needs.
#[utoipa::path(
    responses((status = 200, description = "Done", body = String, content_type = "text/plain")),
    security(())
)]
#[get("/readyz")]
pub async fn readyz(services: &State<Arc<Services>>) -> Reply<&'static str> {
    match fleet::health::ready(services).await {
        Ok(()) => Ok("ready"),
        Err(error) => Err(Problem::new(Status::ServiceUnavailable, "not_ready", error.to_string())),
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Version)]
pub struct VersionResponse {
    version: &'static str,
}

/// The running version.
#[utoipa::path(responses((status = 200, description = "Done", body = VersionResponse)), security(()))]
#[get("/version")]
pub fn version() -> Json<VersionResponse> {
    Json(VersionResponse { version: env!("CARGO_PKG_VERSION") })
}
