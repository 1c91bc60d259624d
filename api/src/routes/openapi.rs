//! `GET /api/openapi.json`.

use rocket::{State, get, http::ContentType};
use std::sync::Arc;

/// The OpenAPI document, which the server manages: it describes all routes, this one included.
pub struct OpenApiText(pub Arc<str>);

/// This document.
#[utoipa::path(responses((status = 200, description = "OpenAPI 3.1", body = Object)), security(()))]
#[get("/openapi.json")]
pub fn document(text: &State<OpenApiText>) -> (ContentType, Arc<str>) {
    (ContentType::JSON, Arc::clone(&text.0))
}
