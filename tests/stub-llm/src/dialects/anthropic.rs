//! Anthropic's `/v1/messages`.

use axum::http::{HeaderMap, Uri};
use serde_json::{Value, json};

use super::{delivery, header, list, plain};
use crate::ask::{Ask, Said};
use crate::play::{Dialect, Frames, event};
use crate::script::{Answer, Failure};

/// The dialect.
pub struct Anthropic;

impl Dialect for Anthropic {
    const STREAM_TYPE: &'static str = "text/event-stream; charset=utf-8";

    fn ask(_: &Uri, headers: &HeaderMap, body: &Value) -> Ask {
        let mut said = vec![Said::Other(plain(&body["system"]))];
        said.extend(list(body, "messages").iter().flat_map(said_in));
        let model = body["model"].as_str().unwrap_or_default();
        Ask::new(model, header(headers, "x-api-key"), delivery(body), &said)
    }

    fn refusal(failure: Failure, ask: &Ask) -> (u16, Value) {
        let (status, kind, message) = match failure {
            Failure::NoKey => (401, "authentication_error", "x-api-key header is required"),
            Failure::BadKey => (401, "authentication_error", "invalid x-api-key"),
            Failure::RateLimited => (
                429,
                "rate_limit_error",
                "This request would exceed your organization's rate limit of 5 requests per minute.",
            ),
            Failure::Quota => (
                400,
                "invalid_request_error",
                "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
            ),
            Failure::NoModel => (404, "not_found_error", ""),
            Failure::ContextLength => {
                (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")
            }
            Failure::Server(529) => (529, "overloaded_error", "Overloaded"),
            Failure::Server(status) => (status, "api_error", "Internal server error"),
        };
        let message = match failure {
            Failure::NoModel => format!("model: {}", ask.model),
            _ => message.to_owned(),
        };
        let error = json!({"type": kind, "message": message});
        let body = json!({"type": "error", "error": error, "request_id": "req_stub"});
        (status, body)
    }

    fn frames(ask: &Ask, answer: &Answer) -> Frames {
        let mut start = message(ask, answer, json!([]));
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

    fn whole(ask: &Ask, answer: &Answer) -> Value {
        let block = match answer.tool() {
            None => json!({"type": "text", "text": answer.text()}),
            Some(call) => {
                json!({"type": "tool_use", "id": "toolu_stub", "name": call.name, "input": call.args})
            }
        };
        message(ask, answer, json!([block]))
    }
}

/// A user message holds text, or results of tools, or both.
fn said_in(message: &Value) -> Vec<Said> {
    let content = &message["content"];
    if message["role"] != "user" {
        return vec![Said::Other(plain(content))];
    }
    let text = plain(content);
    let results = content.as_array().into_iter().flatten();
    let results = results.filter(|block| block["type"] == "tool_result");
    let mut said: Vec<_> = results.map(|block| Said::Tool(plain(&block["content"]))).collect();
    if !text.is_empty() {
        said.push(Said::User(text));
    }
    said
}

fn message(ask: &Ask, answer: &Answer, content: Value) -> Value {
    json!({
        "id": "msg_stub", "type": "message", "role": "assistant", "model": ask.model,
        "content": content, "stop_reason": stop_reason(answer), "stop_sequence": null,
        "usage": {"input_tokens": ask.prompt_tokens, "output_tokens": answer.tokens()},
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
