//! `openclaw.json` and the personality files, rendered from the database's content.
//!
//! Owns every key that Mosaic sets in OpenClaw's configuration. A pure function: the same input gives
//! the same bytes, because a changed file makes OpenClaw check and migrate its state at boot. The
//! result has the user's keys, so its `Debug` output is redacted.

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
    agent::{BUILTIN_SKILL, ModelRef, Personality, Skill, Tool},
    provider::{Model, ProviderKind},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, fmt};

pub use mosaic::SERVICE_AGENT;
pub use providers::model_ref;

/// Everything that a container's configuration depends on.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct RenderInput {
    pub providers: Vec<ProviderInput>,
    /// At least one, or no chat is possible.
    pub agents: Vec<AgentInput>,
    /// The URL of Mosaic's internal API for the container, which authenticates with the gateway token.
    pub internal_url: Option<String>,
}

/// A provider account.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct ProviderInput {
    pub slug: Slug,
    pub kind: ProviderKind,
    /// In the stored form, without an endpoint.
    pub base_url: String,
    pub key: Option<SecretString>,
    /// Counts the keys it has had, from 1. A new key is a new provider to OpenClaw, which otherwise does not use a
    /// provider for minutes after its key was refused, even if the key was replaced.
    pub key_generation: u32,
    /// The models to offer. The models of agents are added.
    pub models: Vec<Model>,
}

/// An agent of the user.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct AgentInput {
    pub slug: Slug,
    pub name: String,
    pub model: ModelRef,
    /// The models to try when `model` fails, in order.
    pub fallbacks: Vec<ModelRef>,
    pub personality: Personality,
    /// The tools that it may use.
    pub tools: BTreeSet<Tool>,
    /// The user's skills, without Mosaic's own.
    pub skills: Vec<Skill>,
}

/// A file in the container's volume.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct StateFile {
    /// The path below the container's state folder (`/data`).
    pub path: String,
    pub content: String,
}

impl fmt::Debug for StateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateFile({})", self.path)
    }
}

/// A rendered configuration.
#[derive(Debug, Clone)]
pub struct RenderedConfig {
    /// Identifies this configuration: 16 hexadecimal digits of a hash over all of it.
    pub version: String,
    /// The text of `openclaw.json`, with the providers' keys.
    pub config: SecretString,
    /// The personality files and skills.
    pub files: Vec<StateFile>,
}

impl RenderedConfig {
    /// What the container's entrypoint gets: `{"version", "config": {openclaw.json}, "files": [{"path", "content"}]}`.
    /// It has the keys in plain text, so call this only to send it.
    pub fn envelope(&self) -> String {
        // With the text of the config itself, because the version is a hash of that.
        let (version, files) = (json!(self.version), json!(self.files));
        let config = self.config.expose_secret().trim_end();
        format!("{{\"version\":{version},\"config\":{config},\"files\":{files}}}")
    }
}

/// Renders `input`. An agent whose provider was deleted gets a model that does not exist, so that its chats report
/// [`crate::Cause::ModelUnknown`] and the other agents work.
pub fn render(input: &RenderInput) -> RenderedConfig {
    let own_tools = if input.internal_url.is_some() { OwnTools::Offered } else { OwnTools::Absent };
    let mut config = base::config(&used_tools(input), own_tools);
    config["mcp"] = mosaic::servers(input);
    let warm_up_provider = warm_up::provider(input);
    config["models"]["providers"] =
        providers::entries(input).into_iter().chain(warm_up_provider).collect::<Map<_, _>>().into();
    config["plugins"]["allow"] = plugins(input);
    let entries = input.agents.iter().map(|agent| entry(input, agent)).chain([mosaic::service_agent(input)]);
    config["agents"]["entries"] = entries.collect::<Map<_, _>>().into();
    // Sorted independently of serde_json's features in this build.
    config.sort_all_objects();
    let config = format!("{config:#}\n");
    let files: Vec<StateFile> = input
        .agents
        .iter()
        .flat_map(|agent| {
            let own = personality::files(agent).into_iter().chain(skills::files(agent));
            own.chain(mosaic::skill(input, agent))
        })
        .collect();
    RenderedConfig { version: version(&config, &files), config: config.into(), files }
}

fn entry(input: &RenderInput, agent: &AgentInput) -> (String, Value) {
    let fallbacks: Vec<String> =
        agent.fallbacks.iter().map(|model| providers::reference(input, model)).collect();
    let mut entry = json!({
        "name": escape::text(&agent.name),
        "workspace": personality::workspace(&agent.slug),
        "model": { "primary": providers::reference(input, &agent.model), "fallbacks": fallbacks },
    });
    let used_tools = used_tools(input);
    let not_its_own = used_tools.difference(&agent.tools).map(|tool| tool.as_str().to_owned());
    let denied: Vec<String> = not_its_own.chain(mosaic::denied_tools(input, agent)).collect();
    if !denied.is_empty() {
        entry["tools"] = json!({ "deny": denied });
    }
    if !agent.skills.is_empty() {
        let own = agent.skills.iter().map(|skill| skill.name.as_str());
        entry["skills"] = std::iter::once(BUILTIN_SKILL).chain(own).collect();
    }
    (agent.slug.to_string(), entry)
}

/// The tools of at least one agent. The other agents are denied them.
fn used_tools(input: &RenderInput) -> BTreeSet<Tool> {
    input.agents.iter().flat_map(|agent| agent.tools.iter().copied()).collect()
}

/// OpenClaw loads only these plugins. The rendered providers need none, except for Ollama's dialect.
fn plugins(input: &RenderInput) -> Value {
    let dialects = input.providers.iter().filter_map(|provider| dialect::of(provider.kind).plugin);
    dialects.chain(["memory-core"]).collect::<BTreeSet<_>>().into_iter().collect()
}

fn version(config: &str, files: &[StateFile]) -> String {
    let mut hash = Sha256::new();
    let texts = files.iter().flat_map(|file| [&*file.path, &*file.content]);
    for text in std::iter::once(config).chain(texts) {
        // With its length, so that the end of one text cannot be the start of the next.
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
