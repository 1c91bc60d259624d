//! The request shapes of each wire format and how its answers look.
//!
//! Owns header names, paths and JSON shapes. It must not send requests or judge failures.

use crate::{
    catalog::Dialect,
    models::ModelInfo,
    outbound::{
        Call, Fault, Url,
        header::{AUTHORIZATION, HeaderName, HeaderValue},
    },
};
use secrecy::SecretString;
use serde_json::{Value, json};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");

/// What the test asks. The answer's text does not matter, only that there is one.
const QUESTION: &str = "Reply with the single word: ready";
/// The smallest cap that OpenAI's responses API accepts; reasoning models may spend it silently.
const ANSWER_TOKENS: u32 = 16;

/// How chat completions name the cap on an answer's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenField {
    /// What nearly every server knows.
    MaxTokens,
    /// What OpenAI's reasoning models insist on.
    MaxCompletionTokens,
}

impl Dialect {
    /// Adds what every request of this dialect carries: the version, and the key where there is one.
    pub(crate) fn dress(self, call: Call, key: Option<&SecretString>) -> Result<Call, Fault> {
        let call = match self {
            Self::AnthropicMessages => call.header(ANTHROPIC_VERSION, HeaderValue::from_static("2023-06-01")),
            _ => call,
        };
        let Some(key) = key else {
            return Ok(call);
        };
        match self {
            Self::AnthropicMessages => call.secret_header(X_API_KEY, "", key),
            Self::GoogleGenerativeAi => call.secret_header(X_GOOG_API_KEY, "", key),
            _ => call.secret_header(AUTHORIZATION, "Bearer ", key),
        }
    }

    /// The model list in one page, as large as the provider allows.
    pub(crate) fn list(self, base: &Url, path: &str) -> Call {
        let mut url = below(base, path);
        match self {
            Self::AnthropicMessages => url.set_query(Some("limit=1000")),
            Self::GoogleGenerativeAi => url.set_query(Some("pageSize=1000")),
            _ => {}
        }
        Call::get(url)
    }

    /// A completion of a few tokens.
    pub(crate) fn completion(self, base: &Url, model: &str, field: TokenField) -> Call {
        let messages = json!([{"role": "user", "content": QUESTION}]);
        match self {
            Self::OpenAiCompletions => {
                let mut body = json!({"model": model, "messages": messages, "stream": false});
                let field = match field {
                    TokenField::MaxTokens => "max_tokens",
                    TokenField::MaxCompletionTokens => "max_completion_tokens",
                };
                body[field] = ANSWER_TOKENS.into();
                Call::post_json(below(base, "chat/completions"), &body)
            }
            Self::OpenAiResponses => Call::post_json(
                below(base, "responses"),
                &json!({"model": model, "input": QUESTION, "max_output_tokens": ANSWER_TOKENS, "store": false}),
            ),
            Self::AnthropicMessages => Call::post_json(
                below(base, "v1/messages"),
                &json!({"model": model, "messages": messages, "max_tokens": ANSWER_TOKENS}),
            ),
            Self::GoogleGenerativeAi => Call::post_json(
                generate_content(base, model),
                &json!({
                    "contents": [{"role": "user", "parts": [{"text": QUESTION}]}],
                    "generationConfig": {"maxOutputTokens": ANSWER_TOKENS},
                }),
            ),
            Self::Ollama => Call::post_json(
                below(base, "api/chat"),
                &json!({
                    "model": model, "messages": messages, "stream": false,
                    "options": {"num_predict": ANSWER_TOKENS},
                }),
            ),
        }
    }

    /// Whether `document` is a completion of this dialect. Empty text counts: a reasoning model may
    /// use up so few tokens before it says anything.
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

    /// The models in a list answer; `None` when it is not one.
    pub(crate) fn read_models(self, document: &Value) -> Option<Vec<ModelInfo>> {
        let items = match self {
            Self::GoogleGenerativeAi | Self::Ollama => document.get("models")?,
            // Together answers with the bare array.
            _ => document.get("data").unwrap_or(document),
        };
        let chats = |item: &&Value| match item.get("supportedGenerationMethods") {
            Some(Value::Array(methods)) => methods.iter().any(|method| method == "generateContent"),
            _ => true,
        };
        Some(items.as_array()?.iter().filter(chats).filter_map(ModelInfo::read).collect())
    }

    /// The form of a model's id in which two spellings of the same one are equal.
    pub(crate) fn canonical_id(self, id: &str) -> &str {
        match self {
            Self::GoogleGenerativeAi => id.strip_prefix("models/").unwrap_or(id),
            Self::Ollama => id.strip_suffix(":latest").unwrap_or(id),
            _ => id,
        }
    }
}

/// `path` below the base URL, whatever the base URL's own path.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

/// The model's id is a part of the path here, so it is escaped: it must not climb or add a query.
fn generate_content(base: &Url, model: &str) -> Url {
    let id = Dialect::GoogleGenerativeAi.canonical_id(model);
    let mut url = below(base, "models");
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
    fn a_model_id_cannot_leave_its_place_in_the_path() {
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
