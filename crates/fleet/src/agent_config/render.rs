//! From the database to OpenClaw's configuration.

use crate::{Result, Services, keys, providers::key_place};
use ::providers::catalog;
use chrono::{DateTime, Utc};
use domain::{
    Slug, UserId,
    agent::{ModelRef, Tool},
};
use openclaw::render::{Agent, Input, Provider, Rendered, render as openclaw_json};
use secrets::{DataKey, Sealed};
use store::{Tx, agents, containers, providers};

/// What a user's container should run with now.
pub(super) struct Current {
    /// The configuration, keys included.
    pub(super) rendered: Rendered,
    /// The newest change that is surely in it.
    pub(super) change: Option<DateTime<Utc>>,
}

/// Renders what this user's container should run with.
pub(super) async fn render(
    services: &Services,
    user: UserId,
    internal_url: Option<String>,
) -> Result<Current> {
    let mut tx = services.store.system("configuration of a container").await?;
    // Before the rest is read: what is changed meanwhile may be in it, but is not counted.
    let change = containers::newest_change(&mut tx, user).await?;
    let key = keys::of_user(services, &mut tx, user).await?;
    let input = Input {
        providers: self::providers(&mut tx, &key, user).await?,
        agents: self::agents(&mut tx, user).await?,
        internal_url,
    };
    tx.commit().await?;
    Ok(Current { rendered: openclaw_json(&input), change })
}

async fn providers(tx: &mut Tx, key: &DataKey, user: UserId) -> Result<Vec<Provider>> {
    let mut rendered = Vec::new();
    for provider in providers::list_of(tx, user).await? {
        let kind = provider.kind.parse()?;
        let secret = match &provider.api_key {
            // Opened for the container of its owner, which talks to the provider itself.
            Some(sealed) => {
                Some(secrets::open(key, &key_place(provider.id, user), &Sealed::from_bytes(sealed)?)?)
            }
            None => None,
        };
        rendered.push(Provider {
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

async fn agents(tx: &mut Tx, user: UserId) -> Result<Vec<Agent>> {
    let mut rendered = Vec::new();
    for agent in agents::list_of(tx, user).await? {
        let fallbacks =
            agent.fallbacks.into_iter().map(ModelRef::try_from).collect::<std::result::Result<_, _>>()?;
        rendered.push(Agent {
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
