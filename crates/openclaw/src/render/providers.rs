//! Providers and their models in `openclaw.json`.

use super::{ProviderInput, RenderInput, dialect, escape};
use domain::{Slug, agent::ModelRef, provider::ProviderKind};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

/// How long a provider may be silent before OpenClaw counts the request as failed.
const IDLE_TIMEOUT_SECONDS: u32 = 300;

/// OpenClaw's name of a model: `<provider slug>-<key generation>/<model id>`.
pub fn model_ref(provider: &Slug, key_generation: u32, model: &str) -> String {
    format!("{provider}-{key_generation}/{model}")
}

/// The name of an agent's model. Generations begin at 1, so 0 stands for a provider that was deleted.
pub(super) fn reference(input: &RenderInput, model: &ModelRef) -> String {
    let provider = input.providers.iter().find(|provider| provider.slug == model.provider);
    model_ref(&model.provider, provider.map_or(0, |provider| provider.key_generation), &model.model)
}

/// The entries of `models.providers`. A provider without models is left out.
pub(super) fn entries(input: &RenderInput) -> Map<String, Value> {
    let with_models = input.providers.iter().map(|provider| (provider, models(input, provider)));
    with_models
        .filter(|(_, models)| !models.is_empty())
        .map(|(provider, models)| {
            (format!("{}-{}", provider.slug, provider.key_generation), entry(provider, &models))
        })
        .collect()
}

fn entry(provider: &ProviderInput, models: &[&str]) -> Value {
    let key = provider.key.as_ref().map(|key| escape::key(key.expose_secret()));
    let models: Vec<Value> = models.iter().map(|id| model(provider.kind, id)).collect();
    let mut entry = json!({
        "api": dialect::of(provider.kind).api,
        "apiKey": key.as_deref().unwrap_or(escape::NO_KEY),
        "baseUrl": escape::text(provider.base_url.trim_end_matches('/')),
        "models": models,
        "timeoutSeconds": IDLE_TIMEOUT_SECONDS,
    });
    if provider.kind == ProviderKind::Openai {
        // At OpenAI's own address OpenClaw would otherwise choose another agent runtime.
        entry["agentRuntime"] = json!({ "id": "openclaw" });
    }
    entry
}

fn model(kind: ProviderKind, id: &str) -> Value {
    let mut model = json!({ "id": escape::text(id), "name": escape::text(id), "input": ["text"] });
    if let Some(compat) = dialect::compat(kind) {
        model["compat"] = compat;
    }
    model
}

/// The models that the provider offers, and those that agents use besides.
fn models<'a>(input: &'a RenderInput, provider: &'a ProviderInput) -> Vec<&'a str> {
    let own = provider.models.iter().map(|model| model.id.as_str());
    let refs = input.agents.iter().flat_map(|agent| agent.fallbacks.iter().chain([&agent.model]));
    let named = refs.filter(|model| model.provider == provider.slug).map(|model| model.model.as_str());
    let mut models = Vec::new();
    for id in own.chain(named) {
        if !models.contains(&id) {
            models.push(id);
        }
    }
    models
}
