//! Agents: create, list, read, change, delete.

use crate::{Cx, Error, Result, agent_config, idempotency};
use domain::{
    AgentId, Invalid, Slug,
    agent::{MAX_FALLBACKS, ModelRef, Personality, Skill, Tool, check_skills},
    invalid,
};
use serde_json::json;
use std::collections::BTreeSet;
use store::{
    Tx,
    agents::{self, Content},
    providers,
};

pub use store::agents::Agent;

/// Of one user: all of their agents run in one container.
const MAX_AGENTS: usize = 20;

/// Of the texts of all agents of one user: their container accepts a configuration of 8 MiB.
const MAX_TEXT_BYTES: usize = 2 << 20;
const MAX_NAME_CHARS: usize = 80;

/// An agent as a user describes it.
#[derive(Debug, Clone)]
pub struct AgentDraft {
    /// The display name.
    pub name: String,
    /// `<provider slug>/<model id>`.
    pub model: String,
    /// Further models, tried in order.
    pub fallbacks: Vec<String>,
    /// The texts that make its personality.
    pub personality: Personality,
    /// The tools it may use.
    pub tools: BTreeSet<Tool>,
    /// Its skills.
    pub skills: Vec<Skill>,
}

struct CheckedAgent {
    name: String,
    model: String,
    fallbacks: Vec<String>,
    personality: Personality,
    tools: BTreeSet<Tool>,
    skills: Vec<Skill>,
}

impl CheckedAgent {
    fn content(&self) -> Content<'_> {
        Content {
            name: &self.name,
            model: &self.model,
            fallbacks: &self.fallbacks,
            personality: &self.personality,
            tools: &self.tools,
            skills: &self.skills,
        }
    }
}

impl AgentDraft {
    /// Checks the texts, and that the user has the provider of every model.
    async fn check(self, tx: &mut Tx) -> Result<CheckedAgent> {
        let name = invalid::line("name", &self.name, MAX_NAME_CHARS)?;
        if self.fallbacks.len() > MAX_FALLBACKS {
            return Err(Invalid::new("fallbacks", format!("Name at most {MAX_FALLBACKS} fallbacks.")).into());
        }
        let slugs: Vec<String> =
            providers::list(tx).await?.into_iter().map(|provider| provider.slug).collect();
        let parse = |text: String| -> std::result::Result<String, Invalid> {
            let model = ModelRef::try_from(text)?;
            if slugs.iter().any(|slug| slug == model.provider.as_str()) {
                return Ok(model.to_string());
            }
            let known = if slugs.is_empty() { "none yet".to_owned() } else { slugs.join(", ") };
            Err(Invalid::new("model", format!("You have no provider `{}`. Yours: {known}.", model.provider)))
        };
        let model = parse(self.model)?;
        let fallbacks = self.fallbacks.into_iter().map(parse).collect::<std::result::Result<_, _>>()?;
        Ok(CheckedAgent {
            name,
            model,
            fallbacks,
            personality: self.personality.check()?,
            tools: self.tools,
            skills: check_skills(self.skills)?,
        })
    }
}

/// Fails if the texts of all agents together are larger than their container accepts.
fn check_total_size(others: &[Agent], checked: &CheckedAgent) -> Result<()> {
    let size = |personality: &Personality, skills: &[Skill]| {
        let texts = personality.soul.len() + personality.identity.len() + personality.user.len();
        texts + skills.iter().map(|skill| skill.description.len() + skill.content.len()).sum::<usize>()
    };
    let others: usize = others.iter().map(|agent| size(&agent.personality, &agent.skills)).sum();
    if others + size(&checked.personality, &checked.skills) <= MAX_TEXT_BYTES {
        return Ok(());
    }
    let message =
        format!("The texts of all your agents together may have {} KiB. Shorten some.", MAX_TEXT_BYTES >> 10);
    Err(Invalid::new("skills", message).into())
}

/// Stores an agent. Returns its id.
pub async fn create(cx: &Cx, draft: AgentDraft) -> Result<AgentId> {
    let user = cx.user()?;
    let id = AgentId::new(cx.services.clock.now());
    let mut tx = cx.begin().await?;
    let AgentDraft { name, model, fallbacks, personality, tools, skills } = &draft;
    let request = json!([name, model, fallbacks, personality, tools, skills]);
    if let Some(before) = idempotency::find_created(cx, &mut tx, "agent", id.uuid(), &request).await? {
        return Ok(before);
    }
    let others = agents::list(&mut tx).await?;
    if others.len() >= MAX_AGENTS {
        return Err(Error::conflict(
            "too_many_agents",
            format!("You have {MAX_AGENTS} agents. Delete one first."),
        ));
    }
    let checked = draft.check(&mut tx).await?;
    check_total_size(&others, &checked)?;
    let slug = Slug::from_name(&checked.name, "agent");
    let slug = agents::insert(&mut tx, id, user, &slug, &checked.content()).await?;
    cx.audit(&mut tx, "agent.create", &id.to_string(), Some(user), json!({ "slug": slug })).await?;
    agent_config::changed(&mut tx, user).await?;
    tx.commit().await?;
    Ok(id)
}

/// The acting user's agents, oldest first.
pub async fn list(cx: &Cx) -> Result<Vec<Agent>> {
    let mut tx = cx.begin().await?;
    Ok(agents::list(&mut tx).await?)
}

/// One of the acting user's agents.
pub async fn get(cx: &Cx, id: AgentId) -> Result<Agent> {
    let mut tx = cx.begin().await?;
    agents::get(&mut tx, id).await?.ok_or(Error::NotFound("agent"))
}

/// What is to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct AgentPatch {
    pub name: Option<String>,
    pub model: Option<String>,
    pub fallbacks: Option<Vec<String>>,
    pub personality: Option<Personality>,
    pub tools: Option<BTreeSet<Tool>>,
    pub skills: Option<Vec<Skill>>,
}

/// Changes an agent. With `expected` it fails unless that is the current version.
pub async fn change(cx: &Cx, id: AgentId, patch: AgentPatch, expected: Option<i64>) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    let before = agents::get(&mut tx, id).await?.ok_or(Error::NotFound("agent"))?;
    let draft = AgentDraft {
        name: patch.name.unwrap_or(before.name),
        model: patch.model.unwrap_or(before.model),
        fallbacks: patch.fallbacks.unwrap_or(before.fallbacks),
        personality: patch.personality.unwrap_or(before.personality.0),
        tools: patch.tools.unwrap_or_else(|| Tool::from_stored(&before.tools)),
        skills: patch.skills.unwrap_or(before.skills.0),
    };
    let checked = draft.check(&mut tx).await?;
    let mut others = agents::list(&mut tx).await?;
    others.retain(|other| other.id != id);
    check_total_size(&others, &checked)?;
    if !agents::update(&mut tx, id, expected.unwrap_or(before.version), &checked.content()).await? {
        return Err(Error::Stale);
    }
    cx.audit(&mut tx, "agent.change", &id.to_string(), Some(user), json!({})).await?;
    agent_config::changed(&mut tx, user).await?;
    tx.commit().await?;
    Ok(())
}

/// Deletes an agent. Its chats stay readable.
pub async fn remove(cx: &Cx, id: AgentId) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    if !agents::delete(&mut tx, id).await? {
        return Err(Error::NotFound("agent"));
    }
    idempotency::forget(&mut tx, user, id.uuid()).await?;
    cx.audit(&mut tx, "agent.delete", &id.to_string(), Some(user), json!({})).await?;
    agent_config::changed(&mut tx, user).await?;
    tx.commit().await?;
    Ok(())
}
