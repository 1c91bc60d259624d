//! Liveness, start-up and readiness: without a token, and with details for a caller who has it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use super::{bearer, json_response};
use crate::gateway::{Gateway, Phase};

/// `GET /healthz`.
pub async fn live() -> Response {
    json_response(200, json!({"ok": true, "status": "live"}))
}

/// `GET /startupz`.
pub async fn startup(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Response {
    let phase = *gateway.phase().borrow();
    let (status, text) = match phase {
        Phase::Starting => (503, "starting"),
        Phase::Ready => (200, "started"),
        Phase::Draining => (503, "draining"),
    };
    let mut body = json!({"ok": status == 200, "status": text});
    if gateway.is_authorized(bearer(&headers)) {
        body["version"] = json!("2026.9.6-stub");
    }
    json_response(status, body)
}

/// `GET /readyz`.
pub async fn ready(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Response {
    let phase = *gateway.phase().borrow();
    let ready = phase == Phase::Ready;
    let mut body = json!({"ready": ready});
    if gateway.is_authorized(bearer(&headers)) {
        let failing: &[&str] = match phase {
            Phase::Starting => &["startup-sidecars"],
            Phase::Ready => &[],
            Phase::Draining => &["draining"],
        };
        body["failing"] = json!(failing);
        body["eventLoop"] = json!({"degraded": false});
    }
    json_response(if ready { 200 } else { 503 }, body)
}
