//! OpenAI's error objects, in its words, for its two dialects.

use serde_json::{Value, json};

use crate::request::CompletionRequest;
use crate::script::ProviderFailure;

/// Status and body for a failure.
pub fn refusal(failure: ProviderFailure, request: &CompletionRequest) -> (u16, Value) {
    let key = request.key.as_deref().unwrap_or_default();
    let model = &request.model;
    let (status, message, kind, code) = match failure {
        ProviderFailure::NoKey => (
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).".to_owned(),
            "invalid_request_error",
            None,
        ),
        ProviderFailure::BadKey => (
            401,
            format!("Incorrect API key provided: {}. You can find your API key at https://platform.openai.com/account/api-keys.", masked(key)),
            "invalid_request_error",
            Some("invalid_api_key"),
        ),
        ProviderFailure::RateLimited => (
            429,
            format!("Rate limit reached for {model} on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 2s."),
            "requests",
            Some("rate_limit_exceeded"),
        ),
        ProviderFailure::Quota => (
            429,
            "You exceeded your current quota, please check your plan and billing details.".to_owned(),
            "insufficient_quota",
            Some("insufficient_quota"),
        ),
        ProviderFailure::NoModel => (
            404,
            format!("The model `{model}` does not exist or you do not have access to it."),
            "invalid_request_error",
            Some("model_not_found"),
        ),
        ProviderFailure::ContextLength => (
            400,
            "This model's maximum context length is 8192 tokens. Please reduce the length of the messages.".to_owned(),
            "invalid_request_error",
            Some("context_length_exceeded"),
        ),
        ProviderFailure::Server(status) => (
            status,
            "The server had an error while processing your request. Sorry about that!".to_owned(),
            "server_error",
            None,
        ),
    };
    let error = json!({"message": message, "type": kind, "param": null, "code": code});
    (status, json!({"error": error}))
}

/// As OpenAI masks a key in its error: the ends stay readable.
fn masked(key: &str) -> String {
    let (Some(head), Some(tail)) = (key.get(..3), key.get(key.len().saturating_sub(4)..)) else {
        return "****".to_owned();
    };
    format!("{head}****{tail}")
}
