//! OpenAI's chat completion request: which fields are supported, and clear errors for those that are not.

use serde_json::{Map, Value};

/// The fields that reach the agent. Others would be ignored silently, which is worse than an error.
const SUPPORTED_FIELDS: [&str; 18] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "seed",
    "user",
    "metadata",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
];

/// The supported fields that a chat cannot have, because they change what an answer is.
const UNSUPPORTED_IN_CHAT: [&str; 3] = ["tools", "tool_choice", "response_format"];

/// A valid request.
#[derive(Debug, Clone)]
pub struct Request {
    pub(super) model: String,
    pub(super) stream: bool,
    pub(super) body: Map<String, Value>,
}

/// Why a request is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestError {
    /// A stable name.
    pub code: &'static str,
    /// The field at fault.
    pub param: Option<String>,
    /// What to do.
    pub message: String,
}

/// Whether a stream ends with a chunk of token counts (`stream_options.include_usage`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UsageChunk {
    Requested,
    Omitted,
}

impl RequestError {
    fn new(code: &'static str, param: &str, message: impl Into<String>) -> Self {
        Self { code, param: Some(param.to_owned()), message: message.into() }
    }
}

impl Request {
    /// Parses a request's JSON.
    pub fn parse(bytes: &[u8]) -> Result<Self, RequestError> {
        let body: Map<String, Value> = serde_json::from_slice(bytes).map_err(|_| RequestError {
            code: "bad_body",
            param: None,
            message: "The body is not a JSON object.".into(),
        })?;
        if let Some(field) =
            body.keys().find(|field| !SUPPORTED_FIELDS.contains(&field.as_str()) && field.as_str() != "n")
        {
            let message = format!("`{field}` is not supported here. Leave it out.");
            return Err(RequestError::new("unsupported_field", field, message));
        }
        if body.get("n").is_some_and(|n| n != 1) {
            return Err(RequestError::new(
                "unsupported_field",
                "n",
                "Only one answer is supported. Leave `n` out.",
            ));
        }
        let Some(model) = body.get("model").and_then(Value::as_str) else {
            let message = "Name an agent in `model`; GET /v1/models lists yours.";
            return Err(RequestError::new("missing_field", "model", message));
        };
        if body.get("messages").and_then(Value::as_array).is_none_or(|messages| messages.is_empty()) {
            return Err(RequestError::new(
                "missing_field",
                "messages",
                "Send at least one message in `messages`.",
            ));
        }
        let stream = match body.get("stream") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(stream)) => *stream,
            Some(_) => {
                return Err(RequestError::new("bad_field", "stream", "`stream` must be true or false."));
            }
        };
        // No slug has a NUL character, and Postgres refuses a parameter with one.
        if model.contains('\0') {
            return Err(RequestError::new(
                "bad_field",
                "model",
                "`model` is an agent's name; GET /v1/models lists yours.",
            ));
        }
        let model = model.to_owned();
        Ok(Self { model, stream, body })
    }

    /// Fails if the request has a field that a turn of a chat cannot have: there the agent uses its own tools and answers
    /// with text.
    pub fn for_chat(self) -> Result<Self, RequestError> {
        let is_set = |field: &&&str| self.body.get(**field).is_some_and(|value| !value.is_null());
        let Some(field) = UNSUPPORTED_IN_CHAT.iter().find(is_set) else { return Ok(self) };
        let message = format!("`{field}` is not supported when a chat is continued. Leave it out.");
        Err(RequestError::new("unsupported_field", field, message))
    }

    pub(super) fn usage_chunk(&self) -> UsageChunk {
        let requested =
            self.body.get("stream_options").and_then(|options| options["include_usage"].as_bool());
        if requested == Some(true) { UsageChunk::Requested } else { UsageChunk::Omitted }
    }

    /// The text of the newest message, if the user wrote it.
    pub(super) fn newest_text(&self) -> Option<String> {
        let newest = self.body.get("messages")?.as_array()?.last()?;
        if newest["role"] != "user" {
            return None;
        }
        match &newest["content"] {
            Value::String(text) => Some(text.clone()),
            Value::Array(parts) => {
                // Fails if there is an image among them, which would be left out silently.
                let texts = parts.iter().map(|part| part["text"].as_str()).collect::<Option<Vec<&str>>>()?;
                (!texts.is_empty()).then(|| texts.join("\n"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_unsupported_field_is_named() {
        let refused = |json: &str| Request::parse(json.as_bytes()).unwrap_err();
        assert_eq!(refused("[]").code, "bad_body");
        assert_eq!(refused(r#"{"model":"a","messages":[{}],"audio":{}}"#).param.as_deref(), Some("audio"));
        assert_eq!(refused(r#"{"model":"a","messages":[{}],"n":2}"#).param.as_deref(), Some("n"));
        assert_eq!(refused(r#"{"messages":[{}]}"#).param.as_deref(), Some("model"));
        assert_eq!(refused(r#"{"model":"a","messages":[]}"#).param.as_deref(), Some("messages"));
    }

    #[test]
    fn the_newest_text_is_the_users() {
        let text = |json: &str| Request::parse(json.as_bytes()).unwrap().newest_text();
        let of = |messages: &str| text(&format!(r#"{{"model":"a","messages":{messages}}}"#));
        assert_eq!(of(r#"[{"role":"user","content":"hi"}]"#).as_deref(), Some("hi"));
        assert_eq!(
            of(r#"[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]"#)
                .as_deref(),
            Some("a\nb")
        );
        assert_eq!(of(r#"[{"role":"user","content":"hi"},{"role":"assistant","content":"ho"}]"#), None);
    }
}
