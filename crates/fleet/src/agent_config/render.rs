//! Renders OpenClaw's configuration from the database.

use crate::{
    Result, Services,
    keys::{self, aad},
};
use ::providers::catalog;
use chrono::{DateTime, Utc};
use domain::{
    Slug, UserId,
    agent::{ModelRef, Tool},
};
use openclaw::render::{AgentInput, ProviderInput, RenderInput, RenderedConfig, render as openclaw_json};
use secrets::{DataKey, Sealed};
use store::{Tx, agents, containers, providers};

/// The configuration that a user's container should run with now.
pub(super) struct CurrentConfig {
    /// The configuration, keys included.
    pub(super) rendered: RenderedConfig,
    /// The newest change that is certainly in it.
    pub(super) change: Option<DateTime<Utc>>,
}

/// Renders the configuration of this user's container.
pub(super) async fn render(
    services: &Services,
    user: UserId,
    internal_url: Option<String>,
) -> Result<CurrentConfig> {
    let mut tx = services.store.system("configuration of a container").await?;
    // Read first: a change in between may be rendered as well, but does not count as certain.
    let change = containers::newest_change(&mut tx, user).await?;
    let key = keys::of_user(services, &mut tx, user).await?;
    let input = RenderInput {
        providers: self::providers(&mut tx, &key, user).await?,
        agents: self::agents(&mut tx, user).await?,
        internal_url,
    };
    tx.commit().await?;
    Ok(CurrentConfig { rendered: openclaw_json(&input), change })
}

async fn providers(tx: &mut Tx, key: &DataKey, user: UserId) -> Result<Vec<ProviderInput>> {
    let mut rendered = Vec::new();
    for provider in providers::list_of(tx, user).await? {
        let kind = provider.kind.parse()?;
        let secret = match &provider.api_key {
            // Opened for its owner's container, which calls the provider itself.
            Some(sealed) => Some(secrets::open(
                key,
                &aad::provider_api_key(provider.id, user),
                &Sealed::from_bytes(sealed)?,
            )?),
            None => None,
        };
        rendered.push(ProviderInput {
            slug: Slug::try_from(provider.slug)?,
            kind,
            base_url: catalog::base_url(kind, provider.base_url.as_deref())?.to_string(),
            key: secret,
            key_generation: u32::try_from(provider.key_generation).unwrap_or(1),
            models: provider.models.0,
        });
    }
    Ok(rendered)
}

async fn agents(tx: &mut Tx, user: UserId) -> Result<Vec<AgentInput>> {
    let mut rendered = Vec::new();
    for agent in agents::list_of(tx, user).await? {
        let fallbacks =
            agent.fallbacks.into_iter().map(ModelRef::try_from).collect::<std::result::Result<_, _>>()?;
        rendered.push(AgentInput {
            slug: Slug::try_from(agent.slug)?,
            name: agent.name,
            model: ModelRef::try_from(agent.model)?,
            fallbacks,
            personality: agent.personality.0,
            tools: Tool::from_stored(&agent.tools),
            skills: agent.skills.0,
        });
    }
    Ok(rendered)
}
