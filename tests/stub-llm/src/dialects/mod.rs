//! The wire formats, one file each, and what they share. A dialect only translates: `script` decides
//! what is sent, and `respond` when.

pub mod anthropic;
pub mod google;
pub mod ollama;
pub mod openai_chat;
pub mod openai_errors;
pub mod openai_responses;

use axum::http::HeaderMap;
use serde_json::Value;

use crate::request::Delivery;

/// A header as text.
pub fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// The bearer token.
pub fn bearer(headers: &HeaderMap) -> Option<String> {
    Some(header(headers, "authorization")?.strip_prefix("Bearer ")?.to_owned())
}

/// `"stream": true`, for dialects that always count the tokens.
pub fn delivery(body: &Value) -> Delivery {
    match body["stream"].as_bool() {
        Some(true) => Delivery::StreamedWithUsage,
        _ => Delivery::Whole,
    }
}

/// A message's content as plain text: a string, or the `text` of its blocks.
pub fn plain(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts: Vec<_> = blocks.iter().filter_map(|b| b["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

/// The array of this name, or an empty one.
pub fn list<'a>(body: &'a Value, name: &str) -> &'a [Value] {
    body[name].as_array().map_or(&[], Vec::as_slice)
}
