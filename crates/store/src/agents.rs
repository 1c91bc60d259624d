//! Agents.

use crate::{Error, Result, Tx};
use chrono::{DateTime, Utc};
use domain::{
    AgentId, Slug, UserId,
    agent::{Personality, Skill, Tool},
};
use sqlx::types::Json;
use std::collections::BTreeSet;

/// Slugs to try for agents that would have the same one.
const MAX_SLUG_ATTEMPTS: u32 = 1000;

#[derive(Debug, Clone)]
pub struct Agent {
    pub id: AgentId,
    pub user_id: UserId,
    /// Immutable short name: its id inside OpenClaw.
    pub slug: String,
    pub name: String,
    /// `<provider slug>/<model id>`.
    pub model: String,
    /// Further model references.
    pub fallbacks: Vec<String>,
    pub personality: Json<Personality>,
    pub tools: Vec<String>,
    pub skills: Json<Vec<Skill>>,
    /// Counts changes.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Agents, by the text after the columns.
macro_rules! select_agents {
    ($from:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Agent,
            r#"select id, user_id, slug, name, model, fallbacks, personality as "personality: Json<Personality>",
                      tools, skills as "skills: Json<Vec<Skill>>", version, created_at, updated_at "# + $from
            $(, $arg)*
        )
    };
}

/// An agent's changeable parts.
#[derive(Debug)]
pub struct Content<'a> {
    pub name: &'a str,
    /// `<provider slug>/<model id>`.
    pub model: &'a str,
    /// Further model references.
    pub fallbacks: &'a [String],
    pub personality: &'a Personality,
    pub tools: &'a BTreeSet<Tool>,
    pub skills: &'a [Skill],
}

fn names(tools: &BTreeSet<Tool>) -> Vec<&'static str> {
    tools.iter().map(|tool| tool.as_str()).collect()
}

/// Stores an agent under the first free slug and answers with it.
pub async fn insert(
    tx: &mut Tx,
    id: AgentId,
    user: UserId,
    slug: &Slug,
    content: &Content<'_>,
) -> Result<Slug> {
    for n in 1..=MAX_SLUG_ATTEMPTS {
        let slug = if n == 1 { slug.clone() } else { slug.with_number(n) };
        let done = sqlx::query!(
            "insert into user_agent_configs (id, user_id, slug, name, model, fallbacks, personality, tools, skills)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (user_id, slug) do nothing",
            id.uuid(),
            user.uuid(),
            slug.as_str(),
            content.name,
            content.model,
            content.fallbacks,
            Json(content.personality) as _,
            names(content.tools) as _,
            Json(content.skills) as _,
        )
        .execute(tx.conn())
        .await?;
        if done.rows_affected() == 1 {
            return Ok(slug);
        }
    }
    Err(Error::Conflict("user_agent_configs_user_id_slug_key".into()))
}

/// The acting user's agents, oldest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Agent>> {
    Ok(select_agents!("from user_agent_configs order by id").fetch_all(tx.conn()).await?)
}

/// The agents of one user, for rendering their configuration in system scope.
pub async fn list_of(tx: &mut Tx, user: UserId) -> Result<Vec<Agent>> {
    Ok(select_agents!("from user_agent_configs where user_id = $1 order by id", user.uuid())
        .fetch_all(tx.conn())
        .await?)
}

pub async fn get(tx: &mut Tx, id: AgentId) -> Result<Option<Agent>> {
    Ok(select_agents!("from user_agent_configs where id = $1", id.uuid()).fetch_optional(tx.conn()).await?)
}

/// The acting user's agent with that slug.
pub async fn by_slug(tx: &mut Tx, slug: &str) -> Result<Option<Agent>> {
    Ok(select_agents!("from user_agent_configs where slug = $1", slug).fetch_optional(tx.conn()).await?)
}

/// Changes an agent whose version is still `expected`; `false` when another change came first.
pub async fn update(tx: &mut Tx, id: AgentId, expected: i64, content: &Content<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "update user_agent_configs set name = $3, model = $4, fallbacks = $5, personality = $6, tools = $7, skills = $8,
             version = version + 1, updated_at = now()
         where id = $1 and version = $2",
        id.uuid(),
        expected,
        content.name,
        content.model,
        content.fallbacks,
        Json(content.personality) as _,
        names(content.tools) as _,
        Json(content.skills) as _,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes an agent; whether there was one. Its chats stay.
pub async fn delete(tx: &mut Tx, id: AgentId) -> Result<bool> {
    let done =
        sqlx::query!("delete from user_agent_configs where id = $1", id.uuid()).execute(tx.conn()).await?;
    Ok(done.rows_affected() > 0)
}
