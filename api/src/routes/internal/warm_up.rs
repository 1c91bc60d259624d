//! `/api/internal/warm-up/v1`: a model that answers with one word, for the chat that warms up a new OpenClaw.
//!
//! OpenClaw uses it like any other model, in OpenAI's wire format. The request is not read.

use crate::{
    body::Raw,
    guards::{GatewayToken, InternalOnly},
    problem::Reply,
};
use rocket::{http::ContentType, post};
use serde_json::{Value, json};

/// The completion, as a stream of events.
#[post("/warm-up/v1/chat/completions", data = "<_body>")]
pub async fn answer(
    _internal: InternalOnly,
    _token: GatewayToken,
    _body: Raw<1>,
) -> Reply<(ContentType, String)> {
    Ok((ContentType::EventStream, completion()))
}

fn completion() -> String {
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({
            "id": "warm-up",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "warm-up",
            "choices": choices,
            "usage": usage,
        });
        format!("data: {chunk}\n\n")
    };
    let word =
        json!([{ "index": 0, "delta": { "role": "assistant", "content": "ok" }, "finish_reason": null }]);
    let stop = json!([{ "index": 0, "delta": {}, "finish_reason": "stop" }]);
    let usage = json!({ "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 });
    format!("{}{}data: [DONE]\n\n", chunk(word, Value::Null), chunk(stop, usage))
}
