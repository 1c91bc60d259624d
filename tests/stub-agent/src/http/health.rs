//! Liveness, start-up and readiness: open to all, with details for the operator.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use super::{answer, bearer};
use crate::gateway::{Gateway, Phase};

/// `GET /healthz`.
pub async fn live() -> Response {
    answer(200, json!({"ok": true, "status": "live"}))
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
    if gateway.admits(bearer(&headers)) {
        body["version"] = json!("2026.9.6-stub");
    }
    answer(status, body)
}

/// `GET /readyz`.
pub async fn ready(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Response {
    let phase = *gateway.phase().borrow();
    let ready = phase == Phase::Ready;
    let mut body = json!({"ready": ready});
    if gateway.admits(bearer(&headers)) {
        let failing: &[&str] = match phase {
            Phase::Starting => &["startup-sidecars"],
            Phase::Ready => &[],
            Phase::Draining => &["draining"],
        };
        body["failing"] = json!(failing);
        body["eventLoop"] = json!({"degraded": false});
    }
    answer(if ready { 200 } else { 503 }, body)
}
