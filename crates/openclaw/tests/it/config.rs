//! Configurations to try on the real OpenClaw.

use domain::{
    Slug,
    agent::{ModelRef, Personality, Skill, Tool},
    provider::{Model, ProviderKind},
};
use openclaw::render::{AgentInput, ProviderInput, RenderInput};

pub fn slug(text: &str) -> Slug {
    Slug::try_from(text.to_owned()).unwrap()
}

pub fn model(text: &str) -> ModelRef {
    ModelRef::try_from(text.to_owned()).unwrap()
}

pub fn provider(name: &str, kind: ProviderKind, base_url: &str, key: &str) -> ProviderInput {
    ProviderInput {
        slug: slug(name),
        kind,
        base_url: base_url.into(),
        key: Some(key.into()),
        key_generation: 1,
        models: vec![Model::parse("m/1").unwrap()],
    }
}

pub fn agent(name: &str, model_ref: &str) -> AgentInput {
    let personality = Personality { soul: "You like ${HOME} and herons.".into(), ..Personality::default() };
    AgentInput {
        slug: slug(name),
        name: format!("{name} ${{HOME}}"),
        model: model(model_ref),
        fallbacks: Vec::new(),
        personality,
        tools: Tool::ALL.into(),
        skills: Vec::new(),
    }
}

/// One provider and one agent of every kind, and some special ones.
pub fn everything(host: &str) -> RenderInput {
    let base = |kind: ProviderKind| match kind {
        ProviderKind::Anthropic | ProviderKind::AnthropicCompatible | ProviderKind::Ollama => host.to_owned(),
        ProviderKind::Google => format!("{host}/v1beta"),
        _ => format!("{host}/v1"),
    };
    let mut providers: Vec<ProviderInput> =
        ProviderKind::ALL.iter().map(|kind| provider(kind.as_str(), *kind, &base(*kind), "key")).collect();
    let mut agents: Vec<AgentInput> =
        ProviderKind::ALL.iter().map(|kind| agent(kind.as_str(), &format!("{kind}/m/1"))).collect();
    providers.push(ProviderInput {
        key: None,
        ..provider("keyless", ProviderKind::OpenaiCompatible, &format!("{host}/v1"), "")
    });
    providers.push(provider("refused", ProviderKind::OpenaiCompatible, &format!("{host}/v1"), "bad"));
    for name in ["keyless", "refused"] {
        agents.push(agent(name, &format!("{name}/m/1")));
    }
    agents.push(agent("default", "groq/named-by-the-agent-only"));
    agents.push(agent("dangling", "gone/m"));
    agents.push(AgentInput {
        tools: [Tool::Read].into(),
        skills: vec![Skill {
            name: slug("birds"),
            description: "Use it for: \"birds\" --- #always".into(),
            content: "Herons ${HOME} first.".into(),
        }],
        ..agent("skilled", "groq/m/1")
    });
    RenderInput { providers, agents, internal_url: None }
}
