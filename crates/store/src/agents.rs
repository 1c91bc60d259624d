//! Agents.

use crate::{Error, Result, Tx};
use chrono::{DateTime, Utc};
use domain::{
    AgentId, Slug, UserId,
    agent::{Personality, Skill, Tool},
};
use sqlx::{FromRow, types::Json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// An agent as stored.
#[derive(Debug, Clone, FromRow)]
pub struct Agent {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: AgentId,
    /// Whose it is.
    #[sqlx(try_from = "Uuid")]
    pub user_id: UserId,
    /// Immutable short name: its id inside OpenClaw.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// `<provider slug>/<model id>`.
    pub model: String,
    /// Further model references.
    pub fallbacks: Vec<String>,
    /// Its texts.
    pub personality: Json<Personality>,
    /// Names of the tools it may use.
    pub tools: Vec<String>,
    /// What it knows how to do.
    pub skills: Json<Vec<Skill>>,
    /// Counts changes.
    pub version: i64,
    /// Creation.
    pub created_at: DateTime<Utc>,
    /// Last change.
    pub updated_at: DateTime<Utc>,
}

const COLUMNS: &str =
    "id, user_id, slug, name, model, fallbacks, personality, tools, skills, version, created_at, updated_at";

/// An agent's changeable parts.
#[derive(Debug)]
pub struct Content<'a> {
    /// Display name.
    pub name: &'a str,
    /// `<provider slug>/<model id>`.
    pub model: &'a str,
    /// Further model references.
    pub fallbacks: &'a [String],
    /// Its texts.
    pub personality: &'a Personality,
    /// The tools it may use.
    pub tools: &'a BTreeSet<Tool>,
    /// What it knows how to do.
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
    for n in 1..=1000u32 {
        let slug = if n == 1 { slug.clone() } else { slug.numbered(n) };
        let done = sqlx::query(
            "insert into user_agent_configs (id, user_id, slug, name, model, fallbacks, personality, tools, skills)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (user_id, slug) do nothing",
        )
        .bind(id.uuid())
        .bind(user.uuid())
        .bind(slug.as_str())
        .bind(content.name)
        .bind(content.model)
        .bind(content.fallbacks)
        .bind(Json(content.personality))
        .bind(names(content.tools))
        .bind(Json(content.skills))
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
    let sql = format!("select {COLUMNS} from user_agent_configs order by id");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(tx.conn()).await?)
}

/// The agents of one user, for rendering his configuration in system scope.
pub async fn list_of(tx: &mut Tx, user: UserId) -> Result<Vec<Agent>> {
    let sql = format!("select {COLUMNS} from user_agent_configs where user_id = $1 order by id");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user.uuid()).fetch_all(tx.conn()).await?)
}

/// One agent.
pub async fn get(tx: &mut Tx, id: AgentId) -> Result<Option<Agent>> {
    let sql = format!("select {COLUMNS} from user_agent_configs where id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(tx.conn()).await?)
}

/// The acting user's agent with that slug.
pub async fn by_slug(tx: &mut Tx, slug: &str) -> Result<Option<Agent>> {
    let sql = format!("select {COLUMNS} from user_agent_configs where slug = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(slug).fetch_optional(tx.conn()).await?)
}

/// Changes an agent whose version is still `expected`; `false` when somebody was faster.
pub async fn update(tx: &mut Tx, id: AgentId, expected: i64, content: &Content<'_>) -> Result<bool> {
    let done = sqlx::query(
        "update user_agent_configs set name = $3, model = $4, fallbacks = $5, personality = $6, tools = $7, skills = $8,
             version = version + 1, updated_at = now()
         where id = $1 and version = $2",
    )
    .bind(id.uuid())
    .bind(expected)
    .bind(content.name)
    .bind(content.model)
    .bind(content.fallbacks)
    .bind(Json(content.personality))
    .bind(names(content.tools))
    .bind(Json(content.skills))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes an agent; whether there was one. Its chats stay.
pub async fn delete(tx: &mut Tx, id: AgentId) -> Result<bool> {
    let done = sqlx::query("delete from user_agent_configs where id = $1")
        .bind(id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}
