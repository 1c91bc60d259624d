//! The routes besides completions: model lists, embeddings, and the control endpoints for tests.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::dialects::{anthropic::Anthropic, bearer, header, list, openai_chat::OpenAiChat};
use crate::log::Log;
use crate::request::{CompletionRequest, Delivery};
use crate::respond::Dialect;
use crate::script;

/// The models of every list. Other ids except `no-such-model` are answered as well.
const MODELS: [&str; 3] = ["stub-small", "stub-large", "stub-echo"];

/// `GET /v1/models`: Anthropic's list with `x-api-key`, otherwise OpenAI's.
pub async fn models(headers: HeaderMap) -> Response {
    match header(&headers, "x-api-key") {
        Some(key) => list_response::<Anthropic>(key, anthropic_models()),
        None => list_response::<OpenAiChat>(bearer(&headers).unwrap_or_default(), openai_models()),
    }
}

/// `GET /api/tags`: Ollama's list, which needs no key.
pub async fn tags() -> Json<Value> {
    let models = MODELS.map(|id| json!({"name": id, "model": id, "size": 1, "digest": "stub"}));
    Json(json!({"models": models}))
}

const EMBEDDING_DIMENSIONS: usize = 48;

/// `POST /v1/embeddings`: texts with the same words get the same vector.
pub async fn embeddings(headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let embedding = |(index, text): (usize, &Value)| json!({"object": "embedding", "index": index, "embedding": embedding_of(text.as_str().unwrap_or_default())});
    let data: Vec<Value> = list(&body, "input").iter().enumerate().map(embedding).collect();
    let answer = json!({"object": "list", "model": body["model"], "data": data});
    list_response::<OpenAiChat>(bearer(&headers).unwrap_or_default(), answer)
}

/// Counts the words of each dimension, which is a hash of the word.
fn embedding_of(text: &str) -> Vec<usize> {
    let mut counts = vec![0; EMBEDDING_DIMENSIONS];
    // So that no vector is zero.
    counts[0] = 1;
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let hash = word.bytes().fold(7_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        counts[hash % EMBEDDING_DIMENSIONS] += 1;
    }
    counts
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

/// The list, or the failure of the key.
fn list_response<D: Dialect>(key: String, list: Value) -> Response {
    let key = (!key.is_empty()).then_some(key);
    let Some(failure) = script::key_failure(key.as_deref()) else {
        return Json(list).into_response();
    };
    let request = CompletionRequest::new("", key, Delivery::Whole, &[]);
    let (status, body) = D::refusal(failure, &request);
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
