//! `openclaw.json` and the personality files, rendered from what the database knows.
//!
//! Owns every key that Mosaic sets in OpenClaw's configuration. A pure function: the same input gives
//! the same bytes, because a changed file makes OpenClaw check and migrate its state at boot. The
//! result holds the user's keys, so it does not print itself.

mod base;
mod dialect;
mod escape;
mod mosaic;
mod personality;
mod providers;
mod skills;
mod warm_up;

use base::OwnTools;
use domain::{
    Slug,
    agent::{ModelRef, OWN_SKILL, Personality, Skill, Tool},
    provider::{Model, ProviderKind},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, fmt};

pub use mosaic::LISTING_AGENT;
pub use providers::model_ref;

/// Everything a container's configuration depends on.
#[derive(Debug, Clone)]
pub struct Input {
    /// The user's providers.
    pub providers: Vec<Provider>,
    /// The user's agents; at least one, or the container has nobody to talk to.
    pub agents: Vec<Agent>,
    /// URL of Mosaic's internal API as the container sees it; it comes with the gateway token.
    pub internal_url: Option<String>,
}

/// A provider account.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its slug.
    pub slug: Slug,
    /// Its kind.
    pub kind: ProviderKind,
    /// Its base URL, in the stored form (no endpoint at its end).
    pub base_url: String,
    /// Its key, where it has one.
    pub key: Option<SecretString>,
    /// Counts the keys it has had, from 1. A new key makes OpenClaw see a new provider, because it sets a
    /// refused provider aside for minutes even after its key was replaced.
    pub key_generation: u32,
    /// The models to offer. Those that agents name are added.
    pub models: Vec<Model>,
}

/// An agent.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Its slug.
    pub slug: Slug,
    /// Its name.
    pub name: String,
    /// The model that answers.
    pub model: ModelRef,
    /// The models that stand in for it, in order.
    pub fallbacks: Vec<ModelRef>,
    /// Its texts.
    pub personality: Personality,
    /// The tools it may use.
    pub tools: BTreeSet<Tool>,
    /// What it knows how to do, besides Mosaic's own skill.
    pub skills: Vec<Skill>,
}

/// A file for the container's volume.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct File {
    /// Path below the container's state folder (`/data`).
    pub path: String,
    /// Its content.
    pub content: String,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({})", self.path)
    }
}

/// A rendered configuration.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Names this configuration: 16 hexadecimal digits of a hash over all of it.
    pub version: String,
    /// The text of `openclaw.json`. Holds the providers' keys.
    pub config: SecretString,
    /// The personality files.
    pub files: Vec<File>,
}

impl Rendered {
    /// What the container's entrypoint is sent: `{"version", "config": {openclaw.json}, "files": [{"path",
    /// "content"}]}`. Holds the keys in the clear: made last, for the wire alone.
    pub fn envelope(&self) -> String {
        // The text itself is put in: what the version names is what is sent.
        let (version, files) = (json!(self.version), json!(self.files));
        let config = self.config.expose_secret().trim_end();
        format!("{{\"version\":{version},\"config\":{config},\"files\":{files}}}")
    }
}

/// Renders `input`. An agent whose provider is gone is rendered with a model that does not exist, so that
/// it says so ([`crate::Cause::ModelUnknown`]) and the others work on.
pub fn render(input: &Input) -> Rendered {
    let own_tools = if input.internal_url.is_some() { OwnTools::Offered } else { OwnTools::Absent };
    let mut config = base::config(&used(input), own_tools);
    config["mcp"] = mosaic::servers(input);
    let own = warm_up::provider(input);
    config["models"]["providers"] =
        providers::entries(input).into_iter().chain(own).collect::<Map<_, _>>().into();
    config["plugins"]["allow"] = plugins(input);
    let entries = input.agents.iter().map(|agent| entry(input, agent)).chain([mosaic::listing_agent(input)]);
    config["agents"]["entries"] = entries.collect::<Map<_, _>>().into();
    // Sorted whatever features of serde_json are on in this build.
    config.sort_all_objects();
    let config = format!("{config:#}\n");
    let files: Vec<File> = input
        .agents
        .iter()
        .flat_map(|agent| {
            let own = personality::files(agent).into_iter().chain(skills::files(agent));
            own.chain(mosaic::skill(input, agent))
        })
        .collect();
    Rendered { version: version(&config, &files), config: config.into(), files }
}

fn entry(input: &Input, agent: &Agent) -> (String, Value) {
    let fallbacks: Vec<String> =
        agent.fallbacks.iter().map(|model| providers::reference(input, model)).collect();
    let mut entry = json!({
        "name": escape::text(&agent.name),
        "workspace": personality::workspace(&agent.slug),
        "model": { "primary": providers::reference(input, &agent.model), "fallbacks": fallbacks },
    });
    let used = used(input);
    let others = used.difference(&agent.tools).map(|tool| tool.as_str().to_owned());
    let denied: Vec<String> = others.chain(mosaic::denied(input, agent)).collect();
    if !denied.is_empty() {
        entry["tools"] = json!({ "deny": denied });
    }
    if !agent.skills.is_empty() {
        let own = agent.skills.iter().map(|skill| skill.name.as_str());
        entry["skills"] = std::iter::once(OWN_SKILL).chain(own).collect();
    }
    (agent.slug.to_string(), entry)
}

/// What at least one agent may use: of it the others are denied theirs.
fn used(input: &Input) -> BTreeSet<Tool> {
    input.agents.iter().flat_map(|agent| agent.tools.iter().copied()).collect()
}

/// Only what is named here is loaded. Providers of our own making need no plugin, but for Ollama's dialect.
fn plugins(input: &Input) -> Value {
    let dialects = input.providers.iter().filter_map(|provider| dialect::of(provider.kind).plugin);
    dialects.chain(["memory-core"]).collect::<BTreeSet<_>>().into_iter().collect()
}

fn version(config: &str, files: &[File]) -> String {
    let mut hash = Sha256::new();
    let texts = files.iter().flat_map(|file| [&*file.path, &*file.content]);
    for text in std::iter::once(config).chain(texts) {
        // The length keeps neighbours apart.
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
