//! Anthropic's `/v1/messages`.

use axum::http::{HeaderMap, Uri};
use serde_json::{Value, json};

use super::{delivery, header, list, plain};
use crate::request::{ChatMessage, CompletionRequest};
use crate::respond::{Dialect, Frames, event};
use crate::script::{Answer, ProviderFailure};

pub struct Anthropic;

impl Dialect for Anthropic {
    const STREAM_TYPE: &'static str = "text/event-stream; charset=utf-8";

    fn parse_request(_: &Uri, headers: &HeaderMap, body: &Value) -> CompletionRequest {
        let mut messages = vec![ChatMessage::Other(plain(&body["system"]))];
        messages.extend(list(body, "messages").iter().flat_map(parse_messages));
        let model = body["model"].as_str().unwrap_or_default();
        CompletionRequest::new(model, header(headers, "x-api-key"), delivery(body), &messages)
    }

    fn refusal(failure: ProviderFailure, request: &CompletionRequest) -> (u16, Value) {
        let (status, kind, message) = match failure {
            ProviderFailure::NoKey => (401, "authentication_error", "x-api-key header is required"),
            ProviderFailure::BadKey => (401, "authentication_error", "invalid x-api-key"),
            ProviderFailure::RateLimited => (
                429,
                "rate_limit_error",
                "This request would exceed your organization's rate limit of 5 requests per minute.",
            ),
            ProviderFailure::Quota => (
                400,
                "invalid_request_error",
                "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
            ),
            ProviderFailure::NoModel => (404, "not_found_error", ""),
            ProviderFailure::ContextLength => {
                (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")
            }
            ProviderFailure::Server(529) => (529, "overloaded_error", "Overloaded"),
            ProviderFailure::Server(status) => (status, "api_error", "Internal server error"),
        };
        let message = match failure {
            ProviderFailure::NoModel => format!("model: {}", request.model),
            _ => message.to_owned(),
        };
        let error = json!({"type": kind, "message": message});
        let body = json!({"type": "error", "error": error, "request_id": "req_stub"});
        (status, body)
    }

    fn frames(request: &CompletionRequest, answer: &Answer) -> Frames {
        let mut start = response_message(request, answer, json!([]));
        start["stop_reason"] = Value::Null;
        start["usage"]["output_tokens"] = json!(1);
        let block = match answer.tool() {
            None => json!({"type": "text", "text": ""}),
            Some(call) => json!({"type": "tool_use", "id": "toolu_stub", "name": call.name, "input": {}}),
        };
        let stop = json!({
            "type": "message_delta",
            "delta": {"stop_reason": stop_reason(answer), "stop_sequence": null},
            "usage": {"output_tokens": answer.tokens()},
        });
        Frames {
            opening: event(&json!({"type": "message_start", "message": start}))
                + &event(&json!({"type": "content_block_start", "index": 0, "content_block": block}))
                + &event(&json!({"type": "ping"})),
            pieces: Frames::pieces(
                answer,
                |text| delta(json!({"type": "text_delta", "text": text})),
                |call| {
                    let json = call.args.to_string();
                    delta(json!({"type": "input_json_delta", "partial_json": json}))
                },
            ),
            closing: event(&json!({"type": "content_block_stop", "index": 0}))
                + &event(&stop)
                + &event(&json!({"type": "message_stop"})),
        }
    }

    fn whole(request: &CompletionRequest, answer: &Answer) -> Value {
        let block = match answer.tool() {
            None => json!({"type": "text", "text": answer.text()}),
            Some(call) => {
                json!({"type": "tool_use", "id": "toolu_stub", "name": call.name, "input": call.args})
            }
        };
        response_message(request, answer, json!([block]))
    }
}

/// A user message has text, or tool results, or both.
fn parse_messages(message: &Value) -> Vec<ChatMessage> {
    let content = &message["content"];
    if message["role"] != "user" {
        return vec![ChatMessage::Other(plain(content))];
    }
    let text = plain(content);
    let results = content.as_array().into_iter().flatten();
    let results = results.filter(|block| block["type"] == "tool_result");
    let mut messages: Vec<_> = results.map(|block| ChatMessage::Tool(plain(&block["content"]))).collect();
    if !text.is_empty() {
        messages.push(ChatMessage::User(text));
    }
    messages
}

fn response_message(request: &CompletionRequest, answer: &Answer, content: Value) -> Value {
    json!({
        "id": "msg_stub", "type": "message", "role": "assistant", "model": request.model,
        "content": content, "stop_reason": stop_reason(answer), "stop_sequence": null,
        "usage": {"input_tokens": request.prompt_tokens, "output_tokens": answer.tokens()},
    })
}

fn delta(delta: Value) -> String {
    event(&json!({"type": "content_block_delta", "index": 0, "delta": delta}))
}

fn stop_reason(answer: &Answer) -> &'static str {
    match answer.tool() {
        Some(_) => "tool_use",
        None => "end_turn",
    }
}
