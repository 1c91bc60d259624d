//! Google's `:generateContent` and `:streamGenerateContent?alt=sse`: text and tool calls only.

use axum::http::{HeaderMap, Uri};
use serde_json::{Value, json};

use super::{header, list};
use crate::request::{ChatMessage, CompletionRequest, Delivery};
use crate::respond::{Dialect, Frames, data};
use crate::script::{Answer, ProviderFailure};

pub struct Google;

impl Dialect for Google {
    const STREAM_TYPE: &'static str = "text/event-stream";

    fn parse_request(uri: &Uri, headers: &HeaderMap, body: &Value) -> CompletionRequest {
        let call = uri.path().rsplit('/').next().unwrap_or_default();
        let (model, method) = call.split_once(':').unwrap_or((call, ""));
        let delivery = match method {
            "streamGenerateContent" => Delivery::StreamedWithUsage,
            _ => Delivery::Whole,
        };
        let messages: Vec<_> = list(body, "contents").iter().map(parse_message).collect();
        CompletionRequest::new(model, key(uri, headers), delivery, &messages)
    }

    fn refusal(failure: ProviderFailure, request: &CompletionRequest) -> (u16, Value) {
        let (code, status, message) = match failure {
            ProviderFailure::NoKey => (
                403,
                "PERMISSION_DENIED",
                "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.".to_owned(),
            ),
            ProviderFailure::BadKey => (
                400,
                "INVALID_ARGUMENT",
                "API key not valid. Please pass a valid API key.".to_owned(),
            ),
            ProviderFailure::RateLimited | ProviderFailure::Quota => (
                429,
                "RESOURCE_EXHAUSTED",
                "You exceeded your current quota, please check your plan and billing details.".to_owned(),
            ),
            ProviderFailure::NoModel => (
                404,
                "NOT_FOUND",
                format!("models/{} is not found for API version v1beta, or is not supported for generateContent.", request.model),
            ),
            ProviderFailure::ContextLength => (
                400,
                "INVALID_ARGUMENT",
                "The input token count exceeds the maximum number of tokens allowed (1048576).".to_owned(),
            ),
            ProviderFailure::Server(code) => (code, "INTERNAL", "An internal error has occurred.".to_owned()),
        };
        let mut error = json!({"code": code, "message": message, "status": status});
        if failure == ProviderFailure::BadKey {
            error["details"] = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]);
        }
        (code, json!({"error": error}))
    }

    fn frames(request: &CompletionRequest, answer: &Answer) -> Frames {
        let pieces = Frames::pieces(
            answer,
            |text| data(&reply(request, json!([{"text": text}]))),
            |call| data(&reply(request, json!([{"functionCall": {"name": call.name, "args": call.args}}]))),
        );
        Frames {
            opening: String::new(),
            pieces,
            closing: data(&finished(reply(request, json!([{"text": ""}])), request, answer)),
        }
    }

    fn whole(request: &CompletionRequest, answer: &Answer) -> Value {
        let part = match answer.tool() {
            None => json!({"text": answer.text()}),
            Some(call) => json!({"functionCall": {"name": call.name, "args": call.args}}),
        };
        finished(reply(request, json!([part])), request, answer)
    }
}

fn key(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let in_query = || {
        let pairs = uri.query()?.split('&');
        Some(pairs.filter_map(|p| p.strip_prefix("key=")).next()?.to_owned())
    };
    header(headers, "x-goog-api-key").or_else(in_query)
}

fn parse_message(content: &Value) -> ChatMessage {
    let parts = list(content, "parts");
    if let Some(result) = parts.iter().find_map(|part| part.get("functionResponse")) {
        return ChatMessage::Tool(result["response"].to_string());
    }
    let texts: Vec<_> = parts.iter().filter_map(|p| p["text"].as_str()).collect();
    match content["role"].as_str() {
        Some("user") | None => ChatMessage::User(texts.join("\n")),
        Some(_) => ChatMessage::Other(texts.join("\n")),
    }
}

fn reply(request: &CompletionRequest, parts: Value) -> Value {
    json!({
        "candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}],
        "modelVersion": request.model, "responseId": "stub",
    })
}

fn finished(mut reply: Value, request: &CompletionRequest, answer: &Answer) -> Value {
    let (prompt, tokens) = (request.prompt_tokens, answer.tokens());
    reply["candidates"][0]["finishReason"] = json!("STOP");
    reply["usageMetadata"] = json!({
        "promptTokenCount": prompt, "candidatesTokenCount": tokens, "totalTokenCount": prompt + tokens,
    });
    reply
}
