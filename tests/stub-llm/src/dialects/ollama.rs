//! Ollama's `/api/chat`: one JSON object a line, streamed unless told otherwise, no key needed.

use axum::http::{HeaderMap, Uri};
use serde_json::{Value, json};

use super::{bearer, list};
use crate::ask::{Ask, Delivery, Said};
use crate::play::{Dialect, Frames};
use crate::script::{Answer, Failure};

const NOW: &str = "2026-01-01T00:00:00Z";

/// The dialect.
pub struct Ollama;

impl Dialect for Ollama {
    const STREAM_TYPE: &'static str = "application/x-ndjson";

    fn ask(_: &Uri, headers: &HeaderMap, body: &Value) -> Ask {
        let delivery = match body["stream"].as_bool() {
            Some(false) => Delivery::Whole,
            _ => Delivery::StreamedWithUsage,
        };
        let said: Vec<_> = list(body, "messages").iter().map(said).collect();
        let model = body["model"].as_str().unwrap_or_default();
        let key = bearer(headers).unwrap_or_else(|| "none-needed".to_owned());
        Ask::new(model, Some(key), delivery, &said)
    }

    fn refusal(failure: Failure, ask: &Ask) -> (u16, Value) {
        let (status, message) = match failure {
            Failure::NoKey | Failure::BadKey => (401, "unauthorized".to_owned()),
            Failure::RateLimited | Failure::Quota => (429, "too many requests".to_owned()),
            Failure::NoModel => (404, format!("model \"{}\" not found, try pulling it first", ask.model)),
            Failure::ContextLength => (400, "input length exceeds the context length".to_owned()),
            Failure::Server(status) => (status, "llama runner process has terminated".to_owned()),
        };
        (status, json!({"error": message}))
    }

    fn frames(ask: &Ask, answer: &Answer) -> Frames {
        Frames {
            opening: String::new(),
            pieces: Frames::pieces(
                answer,
                |text| line(&reply(ask, json!({"role": "assistant", "content": text}))),
                |call| line(&reply(ask, tool_message(&call.name, &call.args))),
            ),
            closing: line(&finished(json!({"role": "assistant", "content": ""}), ask, answer)),
        }
    }

    fn whole(ask: &Ask, answer: &Answer) -> Value {
        let message = match answer.tool() {
            None => json!({"role": "assistant", "content": answer.text()}),
            Some(call) => tool_message(&call.name, &call.args),
        };
        finished(message, ask, answer)
    }
}

fn said(message: &Value) -> Said {
    let text = message["content"].as_str().unwrap_or_default().to_owned();
    match message["role"].as_str() {
        Some("user") => Said::User(text),
        Some("tool") => Said::Tool(text),
        _ => Said::Other(text),
    }
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}

fn reply(ask: &Ask, message: Value) -> Value {
    json!({"model": ask.model, "created_at": NOW, "message": message, "done": false})
}

fn tool_message(name: &str, args: &Value) -> Value {
    let function = json!({"name": name, "arguments": args});
    json!({"role": "assistant", "content": "", "tool_calls": [{"function": function}]})
}

fn finished(message: Value, ask: &Ask, answer: &Answer) -> Value {
    let mut last = reply(ask, message);
    last["done"] = json!(true);
    last["done_reason"] = json!("stop");
    last["prompt_eval_count"] = json!(ask.prompt_tokens);
    last["eval_count"] = json!(answer.tokens());
    last
}
