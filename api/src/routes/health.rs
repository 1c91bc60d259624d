//! Is the process there, and can it serve?

use crate::problem::{Problem, Reply};
use fleet::Services;
use rocket::{State, get, http::Status, serde::json::Json};
use serde::Serialize;
use std::sync::Arc;

/// The process answers.
#[get("/healthz")]
pub fn healthz() -> &'static str {
    "ok"
}

/// The database answers and has the schema this version needs.
#[get("/readyz")]
pub async fn readyz(services: &State<Arc<Services>>) -> Reply<&'static str> {
    match fleet::health::ready(services).await {
        Ok(()) => Ok("ready"),
        Err(error) => Err(Problem::new(Status::ServiceUnavailable, "not_ready", error.to_string())),
    }
}

#[derive(Serialize)]
pub struct Version {
    version: &'static str,
}

/// Which version answers.
#[get("/version")]
pub fn version() -> Json<Version> {
    Json(Version { version: env!("CARGO_PKG_VERSION") })
}
