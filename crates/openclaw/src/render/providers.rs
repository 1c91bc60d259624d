//! Providers and their models in `openclaw.json`.

use super::{Input, Provider, dialect, escape};
use domain::{Slug, agent::ModelRef, provider::ProviderKind};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

/// Seconds that a provider may be silent before OpenClaw counts the request as failed.
const SILENCE: u32 = 300;

/// OpenClaw's name of a model: `<provider slug>-<key generation>/<model id>`.
pub fn model_ref(provider: &Slug, key_generation: u32, model: &str) -> String {
    format!("{provider}-{key_generation}/{model}")
}

/// The name of the model an agent was given. Generations begin at 1: 0 is a provider that is gone.
pub(super) fn reference(input: &Input, model: &ModelRef) -> String {
    let provider = input.providers.iter().find(|provider| provider.slug == model.provider);
    model_ref(&model.provider, provider.map_or(0, |provider| provider.key_generation), &model.model)
}

/// The entries of `models.providers`. A provider without any model is of no use and left out.
pub(super) fn entries(input: &Input) -> Map<String, Value> {
    let with_models = input.providers.iter().map(|provider| (provider, models(input, provider)));
    with_models
        .filter(|(_, models)| !models.is_empty())
        .map(|(provider, models)| {
            (format!("{}-{}", provider.slug, provider.key_generation), entry(provider, &models))
        })
        .collect()
}

fn entry(provider: &Provider, models: &[&str]) -> Value {
    let key = provider.key.as_ref().map(|key| escape::key(key.expose_secret()));
    let models: Vec<Value> = models.iter().map(|id| model(provider.kind, id)).collect();
    let mut entry = json!({
        "api": dialect::of(provider.kind).api,
        "apiKey": key.as_deref().unwrap_or(escape::NO_KEY),
        "baseUrl": escape::text(provider.base_url.trim_end_matches('/')),
        "models": models,
        "timeoutSeconds": SILENCE,
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

/// The provider's models and those that agents name beside them.
fn models<'a>(input: &'a Input, provider: &'a Provider) -> Vec<&'a str> {
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
