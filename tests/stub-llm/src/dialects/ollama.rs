//! Ollama's `/api/chat`: one JSON object per line, streamed by default, without a key.

use axum::http::{HeaderMap, Uri};
use serde_json::{Value, json};

use super::{bearer, list};
use crate::request::{ChatMessage, CompletionRequest, Delivery};
use crate::respond::{Dialect, Frames};
use crate::script::{Answer, ProviderFailure};

const NOW: &str = "2026-01-01T00:00:00Z";

pub struct Ollama;

impl Dialect for Ollama {
    const STREAM_TYPE: &'static str = "application/x-ndjson";

    fn parse_request(_: &Uri, headers: &HeaderMap, body: &Value) -> CompletionRequest {
        let delivery = match body["stream"].as_bool() {
            Some(false) => Delivery::Whole,
            _ => Delivery::StreamedWithUsage,
        };
        let messages: Vec<_> = list(body, "messages").iter().map(parse_message).collect();
        let model = body["model"].as_str().unwrap_or_default();
        let key = bearer(headers).unwrap_or_else(|| "none-needed".to_owned());
        CompletionRequest::new(model, Some(key), delivery, &messages)
    }

    fn refusal(failure: ProviderFailure, request: &CompletionRequest) -> (u16, Value) {
        let (status, message) = match failure {
            ProviderFailure::NoKey | ProviderFailure::BadKey => (401, "unauthorized".to_owned()),
            ProviderFailure::RateLimited | ProviderFailure::Quota => (429, "too many requests".to_owned()),
            ProviderFailure::NoModel => {
                (404, format!("model \"{}\" not found, try pulling it first", request.model))
            }
            ProviderFailure::ContextLength => (400, "input length exceeds the context length".to_owned()),
            ProviderFailure::Server(status) => (status, "llama runner process has terminated".to_owned()),
        };
        (status, json!({"error": message}))
    }

    fn frames(request: &CompletionRequest, answer: &Answer) -> Frames {
        Frames {
            opening: String::new(),
            pieces: Frames::pieces(
                answer,
                |text| line(&reply(request, json!({"role": "assistant", "content": text}))),
                |call| line(&reply(request, tool_message(&call.name, &call.args))),
            ),
            closing: line(&finished(json!({"role": "assistant", "content": ""}), request, answer)),
        }
    }

    fn whole(request: &CompletionRequest, answer: &Answer) -> Value {
        let message = match answer.tool() {
            None => json!({"role": "assistant", "content": answer.text()}),
            Some(call) => tool_message(&call.name, &call.args),
        };
        finished(message, request, answer)
    }
}

fn parse_message(message: &Value) -> ChatMessage {
    let text = message["content"].as_str().unwrap_or_default().to_owned();
    match message["role"].as_str() {
        Some("user") => ChatMessage::User(text),
        Some("tool") => ChatMessage::Tool(text),
        _ => ChatMessage::Other(text),
    }
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}

fn reply(request: &CompletionRequest, message: Value) -> Value {
    json!({"model": request.model, "created_at": NOW, "message": message, "done": false})
}

fn tool_message(name: &str, args: &Value) -> Value {
    let function = json!({"name": name, "arguments": args});
    json!({"role": "assistant", "content": "", "tool_calls": [{"function": function}]})
}

fn finished(message: Value, request: &CompletionRequest, answer: &Answer) -> Value {
    let mut last = reply(request, message);
    last["done"] = json!(true);
    last["done_reason"] = json!("stop");
    last["prompt_eval_count"] = json!(request.prompt_tokens);
    last["eval_count"] = json!(answer.tokens());
    last
}
