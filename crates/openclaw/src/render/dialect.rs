//! The wire format of each kind of provider.

use domain::provider::ProviderKind;
use serde_json::{Value, json};

/// One kind's wire format.
pub(super) struct Dialect {
    /// OpenClaw's `api`.
    pub(super) api: &'static str,
    /// The plugin that implements it, if it is not built in.
    pub(super) plugin: Option<&'static str>,
}

pub(super) const fn of(kind: ProviderKind) -> Dialect {
    use ProviderKind as Kind;
    let (api, plugin) = match kind {
        Kind::Anthropic | Kind::AnthropicCompatible => ("anthropic-messages", None),
        Kind::Openai => ("openai-responses", None),
        Kind::Google => ("google-generative-ai", None),
        Kind::Ollama => ("ollama", Some("ollama")),
        Kind::Openrouter
        | Kind::Zai
        | Kind::Groq
        | Kind::Mistral
        | Kind::Deepseek
        | Kind::Xai
        | Kind::Together
        | Kind::OpenaiCompatible => ("openai-completions", None),
    };
    Dialect { api, plugin }
}

/// The `compat` of a model's entry. Without `supportsUsageInStreaming` OpenClaw does not ask for usage and reports
/// zeros. Every copy of OpenAI's API knows `max_tokens`.
pub(super) fn compat(kind: ProviderKind) -> Option<Value> {
    match of(kind).api {
        // Refuses unknown fields with 422, including `stream_options`. It always sends usage.
        "openai-completions" if matches!(kind, ProviderKind::Mistral) => Some(
            json!({ "maxTokensField": "max_tokens", "supportsStore": false, "supportsUsageInStreaming": false }),
        ),
        "openai-completions" => {
            Some(json!({ "maxTokensField": "max_tokens", "supportsUsageInStreaming": true }))
        }
        _ => None,
    }
}
