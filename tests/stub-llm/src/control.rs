//! The routes that are not completions: model lists, and the control endpoints for tests.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::ask::{Ask, Delivery};
use crate::dialects::{anthropic::Anthropic, bearer, header, openai_chat::OpenAiChat};
use crate::log::Log;
use crate::play::Dialect;
use crate::script;

/// The models on every list; any other id but `no-such-model` is answered as well.
const MODELS: [&str; 3] = ["stub-small", "stub-large", "stub-echo"];

/// `GET /v1/models`: Anthropic's list when asked with `x-api-key`, else OpenAI's.
pub async fn models(headers: HeaderMap) -> Response {
    match header(&headers, "x-api-key") {
        Some(key) => listed::<Anthropic>(key, anthropic_models()),
        None => listed::<OpenAiChat>(bearer(&headers).unwrap_or_default(), openai_models()),
    }
}

/// `GET /api/tags`: Ollama's list, which needs no key.
pub async fn tags() -> Json<Value> {
    let models = MODELS.map(|id| json!({"name": id, "model": id, "size": 1, "digest": "stub"}));
    Json(json!({"models": models}))
}

/// `GET /_stub/requests`.
pub async fn requests(State(log): State<Arc<Log>>) -> Json<Value> {
    let all = log.all();
    Json(json!({"count": all.len(), "requests": all}))
}

/// `POST /_stub/reset`.
pub async fn reset(State(log): State<Arc<Log>>) -> StatusCode {
    log.clear();
    StatusCode::NO_CONTENT
}

fn listed<D: Dialect>(key: String, list: Value) -> Response {
    let key = (!key.is_empty()).then_some(key);
    let Some(failure) = script::key_failure(key.as_deref()) else {
        return Json(list).into_response();
    };
    let ask = Ask::new("", key, Delivery::Whole, &[]);
    let (status, body) = D::refusal(failure, &ask);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(body)).into_response()
}

fn openai_models() -> Value {
    let data =
        MODELS.map(|id| json!({"id": id, "object": "model", "created": 1_700_000_000, "owned_by": "stub"}));
    json!({"object": "list", "data": data})
}

fn anthropic_models() -> Value {
    let data = MODELS.map(
        |id| json!({"type": "model", "id": id, "display_name": id, "created_at": "2026-01-01T00:00:00Z"}),
    );
    json!({"data": data, "has_more": false, "first_id": MODELS[0], "last_id": MODELS[2]})
}
