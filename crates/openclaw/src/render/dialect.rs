//! How OpenClaw speaks to each kind of provider.
//!
//! Owns the table from kind to wire format. A new kind is a new line here.

use domain::provider::ProviderKind;
use serde_json::{Value, json};

/// One kind's wire format.
pub(super) struct Dialect {
    /// OpenClaw's `api`.
    pub(super) api: &'static str,
    /// The plugin that implements it, where it is not built in.
    pub(super) plugin: Option<&'static str>,
}

/// The wire format of `kind`.
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

/// What a model's entry must say about its server. Without `supportsUsageInStreaming` OpenClaw does not
/// ask for usage and reports zeros. `max_tokens` is the name that every copy of the API knows.
pub(super) fn compat(kind: ProviderKind) -> Option<Value> {
    match of(kind).api {
        // Refuses what it does not know with 422, `stream_options` among it; sends usage unasked.
        "openai-completions" if matches!(kind, ProviderKind::Mistral) => Some(
            json!({ "maxTokensField": "max_tokens", "supportsStore": false, "supportsUsageInStreaming": false }),
        ),
        "openai-completions" => {
            Some(json!({ "maxTokensField": "max_tokens", "supportsUsageInStreaming": true }))
        }
        _ => None,
    }
}
