//! OpenAI's `/v1/responses`.

use axum::http::{HeaderMap, Uri};
use serde_json::{Value, json};

use super::{bearer, delivery, list, openai_errors, plain};
use crate::request::{ChatMessage, CompletionRequest};
use crate::respond::{Dialect, Frames, event};
use crate::script::{Answer, ProviderFailure};

const ID: &str = "resp_stub";
const ITEM: &str = "msg_stub";

pub struct OpenAiResponses;

impl Dialect for OpenAiResponses {
    const STREAM_TYPE: &'static str = "text/event-stream; charset=utf-8";

    fn parse_request(_: &Uri, headers: &HeaderMap, body: &Value) -> CompletionRequest {
        let messages = match &body["input"] {
            Value::String(text) => vec![ChatMessage::User(text.clone())],
            _ => list(body, "input").iter().map(parse_message).collect(),
        };
        let model = body["model"].as_str().unwrap_or_default();
        CompletionRequest::new(model, bearer(headers), delivery(body), &messages)
    }

    fn refusal(failure: ProviderFailure, request: &CompletionRequest) -> (u16, Value) {
        openai_errors::refusal(failure, request)
    }

    fn frames(request: &CompletionRequest, answer: &Answer) -> Frames {
        let item = item(answer);
        let mut empty = item.clone();
        if answer.tool().is_none() {
            empty["content"] = json!([]);
        }
        let created = json!({"type": "response.created", "response": response(request, "in_progress", &[])});
        let added = json!({"type": "response.output_item.added", "output_index": 0, "item": empty});
        let done = json!({"type": "response.output_item.done", "output_index": 0, "item": item});
        let mut completed = response(request, "completed", &[item]);
        completed["usage"] = usage(request, answer);
        let completed = json!({"type": "response.completed", "response": completed});
        Frames {
            opening: event(&created) + &event(&added) + &part(answer, "added", ""),
            pieces: Frames::pieces(
                answer,
                |text| delta("response.output_text.delta", ITEM, text),
                |call| delta("response.function_call_arguments.delta", "fc_stub", &call.args.to_string()),
            ),
            closing: ending(answer) + &event(&done) + &event(&completed),
        }
    }

    fn whole(request: &CompletionRequest, answer: &Answer) -> Value {
        let mut response = response(request, "completed", &[item(answer)]);
        response["usage"] = usage(request, answer);
        response
    }
}

fn parse_message(item: &Value) -> ChatMessage {
    match (item["type"].as_str(), item["role"].as_str()) {
        (Some("function_call_output"), _) => {
            let output = &item["output"];
            ChatMessage::Tool(output.as_str().map_or_else(|| plain(output), str::to_owned))
        }
        (_, Some("user")) => ChatMessage::User(plain(&item["content"])),
        _ => ChatMessage::Other(plain(&item["content"])),
    }
}

fn response(request: &CompletionRequest, status: &str, output: &[Value]) -> Value {
    json!({
        "id": ID, "object": "response", "created_at": 1_700_000_000, "model": request.model,
        "status": status, "output": output,
    })
}

fn item(answer: &Answer) -> Value {
    match answer.tool() {
        None => {
            let text = json!({"type": "output_text", "text": answer.text(), "annotations": []});
            json!({"type": "message", "id": ITEM, "role": "assistant", "status": "completed", "content": [text]})
        }
        Some(call) => json!({
            "type": "function_call", "id": "fc_stub", "call_id": "call_stub",
            "name": call.name, "arguments": call.args.to_string(), "status": "completed",
        }),
    }
}

/// The content part of a text. A tool call has none.
fn part(answer: &Answer, what: &str, text: &str) -> String {
    if answer.tool().is_some() {
        return String::new();
    }
    let part = json!({"type": "output_text", "text": text, "annotations": []});
    event(&json!({
        "type": format!("response.content_part.{what}"), "item_id": ITEM,
        "output_index": 0, "content_index": 0, "part": part,
    }))
}

fn ending(answer: &Answer) -> String {
    let text = answer.text();
    match answer.tool() {
        None => {
            let done = json!({
                "type": "response.output_text.done", "item_id": ITEM,
                "output_index": 0, "content_index": 0, "text": text,
            });
            event(&done) + &part(answer, "done", &text)
        }
        Some(call) => event(&json!({
            "type": "response.function_call_arguments.done", "item_id": "fc_stub",
            "output_index": 0, "arguments": call.args.to_string(),
        })),
    }
}

fn delta(kind: &str, item: &str, delta: &str) -> String {
    event(&json!({
        "type": kind, "item_id": item, "output_index": 0, "content_index": 0, "delta": delta,
    }))
}

fn usage(request: &CompletionRequest, answer: &Answer) -> Value {
    let (input, output) = (request.prompt_tokens, answer.tokens());
    json!({"input_tokens": input, "output_tokens": output, "total_tokens": input + output})
}
