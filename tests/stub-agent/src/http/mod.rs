//! The HTTP surface: all routes, authentication, and the headers of every response.

mod chat;
mod chunks;
mod health;
mod history;
mod refusal;
mod target;
mod tools;

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::gateway::Gateway;
use refusal::Refusal;

const MAX_BODY_BYTES: usize = 20 << 20;
/// OpenClaw refuses requests with one of these headers.
const PROXY_HEADERS: [&str; 5] =
    ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-real-ip"];

/// Serves until `stop`, then until the running requests have ended.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    gateway: Arc<Gateway>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let app = Router::new()
        .route("/health", get(health::live))
        .route("/healthz", get(health::live))
        .route("/startup", get(health::startup))
        .route("/startupz", get(health::startup))
        .route("/ready", get(health::ready))
        .route("/readyz", get(health::ready))
        .route("/v1/models", or_method_not_allowed(get(models), "GET"))
        .route("/v1/chat/completions", or_method_not_allowed(post(chat::handle), "POST"))
        .route("/tools/invoke", or_method_not_allowed(post(tools::handle), "POST"))
        .route("/sessions/{key}/history", or_method_not_allowed(get(history::handle), "GET"))
        .fallback(|| async { (StatusCode::NOT_FOUND, "Not Found") })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(map_response(with_security_headers))
        .with_state(gateway);
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    axum::serve(listener, app).with_graceful_shutdown(stop).await
}

fn or_method_not_allowed(
    routes: MethodRouter<Arc<Gateway>>,
    allow: &'static str,
) -> MethodRouter<Arc<Gateway>> {
    let refuse = move || async move {
        let allow = [(header::ALLOW, HeaderValue::from_static(allow))];
        (StatusCode::METHOD_NOT_ALLOWED, allow, "Method Not Allowed")
    };
    routes.fallback(refuse)
}

async fn with_security_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("permissions-policy", "camera=(), microphone=(self), geolocation=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A caller with the gateway's token and without a proxy.
struct Operator;

impl FromRequestParts<Arc<Gateway>> for Operator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, gateway: &Arc<Gateway>) -> Result<Self, Refusal> {
        if PROXY_HEADERS.iter().any(|name| parts.headers.contains_key(*name)) {
            return Err(Refusal::Proxy);
        }
        if gateway.is_authorized(bearer(&parts.headers)) { Ok(Self) } else { Err(Refusal::Unauthorized) }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    header_text(headers, "authorization")?.strip_prefix("Bearer ")
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim()).filter(|text| !text.is_empty())
}

async fn models(_: Operator, State(gateway): State<Arc<Gateway>>) -> Json<Value> {
    let config = gateway.config();
    let agents = config.agents.keys().map(|id| format!("openclaw/{id}"));
    let ids = ["openclaw".to_owned(), "openclaw/default".to_owned()];
    let list: Vec<Value> = ids
        .into_iter()
        .chain(agents)
        .map(
            |id| json!({"id": id, "object": "model", "created": 0, "owned_by": "openclaw", "permission": []}),
        )
        .collect();
    Json(json!({"object": "list", "data": list}))
}

fn json_response(status: u16, body: Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(body)).into_response()
}
