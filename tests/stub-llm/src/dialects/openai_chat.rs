//! OpenAI's `/v1/chat/completions`, which most providers copy.

use axum::http::{HeaderMap, Uri};
use serde_json::{Value, json};

use super::{bearer, list, openai_errors, plain};
use crate::request::{ChatMessage, CompletionRequest, Delivery};
use crate::respond::{Dialect, Frames, data};
use crate::script::{Answer, ProviderFailure, ToolCall};

const ID: &str = "chatcmpl-stub";
const CREATED: u64 = 1_700_000_000;

pub struct OpenAiChat;

impl Dialect for OpenAiChat {
    const STREAM_TYPE: &'static str = "text/event-stream; charset=utf-8";

    fn parse_request(_: &Uri, headers: &HeaderMap, body: &Value) -> CompletionRequest {
        let messages: Vec<_> = list(body, "messages").iter().map(parse_message).collect();
        let counted = body["stream_options"]["include_usage"].as_bool();
        let delivery = match (body["stream"].as_bool(), counted) {
            (Some(true), Some(true)) => Delivery::StreamedWithUsage,
            (Some(true), _) => Delivery::Streamed,
            _ => Delivery::Whole,
        };
        let model = body["model"].as_str().unwrap_or_default();
        CompletionRequest::new(model, bearer(headers), delivery, &messages)
    }

    fn refusal(failure: ProviderFailure, request: &CompletionRequest) -> (u16, Value) {
        openai_errors::refusal(failure, request)
    }

    fn frames(request: &CompletionRequest, answer: &Answer) -> Frames {
        let reason = finish_reason(answer);
        let mut closing = data(&chunk(request, json!({}), Some(reason)));
        if request.delivery == Delivery::StreamedWithUsage {
            let mut last = chunk(request, json!({}), None);
            last["choices"] = json!([]);
            last["usage"] = usage(request, answer);
            closing.push_str(&data(&last));
        }
        closing.push_str("data: [DONE]\n\n");
        let role = json!({"role": "assistant", "content": ""});
        Frames {
            opening: data(&chunk(request, role, None)),
            pieces: Frames::pieces(
                answer,
                |text| data(&chunk(request, json!({"content": text}), None)),
                |call| data(&chunk(request, json!({"tool_calls": [tool_call(call)]}), None)),
            ),
            closing,
        }
    }

    fn whole(request: &CompletionRequest, answer: &Answer) -> Value {
        let message = match answer.tool() {
            None => json!({"role": "assistant", "content": answer.text()}),
            Some(call) => {
                json!({"role": "assistant", "content": null, "tool_calls": [tool_call(call)]})
            }
        };
        let choice = json!({"index": 0, "message": message, "finish_reason": finish_reason(answer)});
        json!({
            "id": ID, "object": "chat.completion", "created": CREATED, "model": request.model,
            "choices": [choice], "usage": usage(request, answer),
        })
    }
}

fn parse_message(message: &Value) -> ChatMessage {
    let text = plain(&message["content"]);
    match message["role"].as_str() {
        Some("user") => ChatMessage::User(text),
        Some("tool") => ChatMessage::Tool(text),
        _ => ChatMessage::Other(text),
    }
}

fn chunk(request: &CompletionRequest, delta: Value, finish_reason: Option<&str>) -> Value {
    json!({
        "id": ID, "object": "chat.completion.chunk", "created": CREATED, "model": request.model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    })
}

fn tool_call(call: &ToolCall) -> Value {
    let function = json!({"name": call.name, "arguments": call.args.to_string()});
    json!({"index": 0, "id": "call_stub", "type": "function", "function": function})
}

fn finish_reason(answer: &Answer) -> &'static str {
    match answer.tool() {
        Some(_) => "tool_calls",
        None => "stop",
    }
}

fn usage(request: &CompletionRequest, answer: &Answer) -> Value {
    let (prompt, completion) = (request.prompt_tokens, answer.tokens());
    json!({
        "prompt_tokens": prompt, "completion_tokens": completion,
        "total_tokens": prompt + completion,
    })
}
