//! `/api/internal/warm-up/v1`: a model that says one word, for the chat that warms a fresh OpenClaw up.
//!
//! OpenClaw asks it like any other model, in OpenAI's wire format; nothing that it sends is read.

use crate::{
    body::Raw,
    guards::{Authorization, Inside},
    problem::Reply,
};
use fleet::{Services, containers};
use rocket::{State, http::ContentType, post};
use serde_json::{Value, json};
use std::sync::Arc;

/// The answer, as a stream of events.
#[post("/warm-up/v1/chat/completions", data = "<_body>")]
pub async fn answer(
    _inside: Inside,
    services: &State<Arc<Services>>,
    token: Authorization,
    _body: Raw<1>,
) -> Reply<(ContentType, String)> {
    containers::known(services, &super::bearer(&token)?).await?;
    Ok((ContentType::EventStream, said()))
}

fn said() -> String {
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
