//! The requests and responses of each wire format.
//!
//! Owns header names, paths and JSON shapes. It must not send requests or interpret failures.

use crate::{
    catalog::Dialect,
    model_info::ModelInfo,
    outbound::{
        OutboundError, Request, Url,
        header::{AUTHORIZATION, HeaderName, HeaderValue},
    },
};
use secrecy::SecretString;
use serde_json::{Value, json};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");

/// The question of the connection test. The text of the answer does not matter.
const TEST_QUESTION: &str = "Reply with the single word: ready";
/// The smallest limit that OpenAI's responses API accepts. Reasoning models may spend it without any text.
const MAX_ANSWER_TOKENS: u32 = 16;

/// How chat completions name the limit of an answer's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenField {
    /// Supported by nearly every server.
    MaxTokens,
    /// Required by OpenAI's reasoning models.
    MaxCompletionTokens,
}

impl Dialect {
    /// Adds the headers of every request of this dialect: the version, and the key if there is one.
    pub(crate) fn with_credentials(
        self,
        request: Request,
        key: Option<&SecretString>,
    ) -> Result<Request, OutboundError> {
        let request = match self {
            Self::AnthropicMessages => {
                request.header(ANTHROPIC_VERSION, HeaderValue::from_static("2023-06-01"))
            }
            _ => request,
        };
        let Some(key) = key else {
            return Ok(request);
        };
        match self {
            Self::AnthropicMessages => request.secret_header(X_API_KEY, "", key),
            Self::GoogleGenerativeAi => request.secret_header(X_GOOG_API_KEY, "", key),
            _ => request.secret_header(AUTHORIZATION, "Bearer ", key),
        }
    }

    /// Requests the model list in one page, as large as the provider allows.
    pub(crate) fn model_list(self, base: &Url, path: &str) -> Request {
        let mut url = join_path(base, path);
        match self {
            Self::AnthropicMessages => url.set_query(Some("limit=1000")),
            Self::GoogleGenerativeAi => url.set_query(Some("pageSize=1000")),
            _ => {}
        }
        Request::get(url)
    }

    /// Requests a completion of a few tokens.
    pub(crate) fn completion(self, base: &Url, model: &str, field: TokenField) -> Request {
        let messages = json!([{"role": "user", "content": TEST_QUESTION}]);
        match self {
            Self::OpenAiCompletions => {
                let mut body = json!({"model": model, "messages": messages, "stream": false});
                let field = match field {
                    TokenField::MaxTokens => "max_tokens",
                    TokenField::MaxCompletionTokens => "max_completion_tokens",
                };
                body[field] = MAX_ANSWER_TOKENS.into();
                Request::post_json(join_path(base, "chat/completions"), &body)
            }
            Self::OpenAiResponses => Request::post_json(
                join_path(base, "responses"),
                &json!({"model": model, "input": TEST_QUESTION, "max_output_tokens": MAX_ANSWER_TOKENS, "store": false}),
            ),
            Self::AnthropicMessages => Request::post_json(
                join_path(base, "v1/messages"),
                &json!({"model": model, "messages": messages, "max_tokens": MAX_ANSWER_TOKENS}),
            ),
            Self::GoogleGenerativeAi => Request::post_json(
                generate_content(base, model),
                &json!({
                    "contents": [{"role": "user", "parts": [{"text": TEST_QUESTION}]}],
                    "generationConfig": {"maxOutputTokens": MAX_ANSWER_TOKENS},
                }),
            ),
            Self::Ollama => Request::post_json(
                join_path(base, "api/chat"),
                &json!({
                    "model": model, "messages": messages, "stream": false,
                    "options": {"num_predict": MAX_ANSWER_TOKENS},
                }),
            ),
        }
    }

    /// Whether `document` is a completion of this dialect. Empty text counts, because a reasoning model may use all tokens
    /// before it writes any.
    pub(crate) fn is_completion(self, document: &Value) -> bool {
        let filled = |name: &str| document[name].as_array().is_some_and(|items| !items.is_empty());
        match self {
            Self::OpenAiCompletions => filled("choices"),
            Self::OpenAiResponses => document["object"] == "response" && document["output"].is_array(),
            Self::AnthropicMessages => document["type"] == "message" && document["content"].is_array(),
            Self::GoogleGenerativeAi => filled("candidates"),
            Self::Ollama => document["message"].is_object(),
        }
    }

    /// The models in a list response; `None` when it is not one.
    pub(crate) fn read_models(self, document: &Value) -> Option<Vec<ModelInfo>> {
        let items = match self {
            Self::GoogleGenerativeAi | Self::Ollama => document.get("models")?,
            // Together returns the bare array.
            _ => document.get("data").unwrap_or(document),
        };
        let supports_chat = |item: &&Value| match item.get("supportedGenerationMethods") {
            Some(Value::Array(methods)) => methods.iter().any(|method| method == "generateContent"),
            _ => true,
        };
        Some(items.as_array()?.iter().filter(supports_chat).filter_map(ModelInfo::read).collect())
    }

    /// Normalizes a model's id, so that different spellings of one id are equal.
    pub(crate) fn canonical_id(self, id: &str) -> &str {
        match self {
            Self::GoogleGenerativeAi => id.strip_prefix("models/").unwrap_or(id),
            Self::Ollama => id.strip_suffix(":latest").unwrap_or(id),
            _ => id,
        }
    }
}

/// Appends `path` to the path of the base URL.
pub(crate) fn join_path(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

/// The model's id is a segment of the path, and is escaped so that it cannot leave the path or add a query.
fn generate_content(base: &Url, model: &str) -> Url {
    let id = Dialect::GoogleGenerativeAi.canonical_id(model);
    let mut url = join_path(base, "models");
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(&format!("{id}:generateContent"));
    }
    url
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_model_id_cannot_leave_its_segment_of_the_path() {
        let base = Url::parse("https://h/v1beta").unwrap();
        for (model, path) in [
            ("gemini-3", "/v1beta/models/gemini-3:generateContent"),
            ("models/gemini-3", "/v1beta/models/gemini-3:generateContent"),
            ("../../x?y#z", "/v1beta/models/..%2F..%2Fx%3Fy%23z:generateContent"),
        ] {
            let url = generate_content(&base, model);
            assert_eq!((url.path(), url.query(), url.fragment()), (path, None, None));
        }
    }

    #[test]
    fn spellings_of_one_model_are_equal() {
        assert_eq!(Dialect::Ollama.canonical_id("llama3.3:latest"), "llama3.3");
        assert_eq!(Dialect::Ollama.canonical_id("llama3.3:70b"), "llama3.3:70b");
        assert_eq!(Dialect::GoogleGenerativeAi.canonical_id("models/gemini-3"), "gemini-3");
        assert_eq!(Dialect::OpenAiCompletions.canonical_id("models/x:latest"), "models/x:latest");
    }

    #[test]
    fn other_documents_are_no_completions() {
        let all = [
            Dialect::OpenAiCompletions,
            Dialect::OpenAiResponses,
            Dialect::AnthropicMessages,
            Dialect::GoogleGenerativeAi,
            Dialect::Ollama,
        ];
        for dialect in all {
            for text in ["null", "[]", "{}", "\"ok\"", r#"{"choices":[],"candidates":[],"message":"hi"}"#] {
                assert!(!dialect.is_completion(&serde_json::from_str(text).unwrap()), "{text}");
            }
        }
    }
}
