//! Agents: a name, a personality and the models that answer.

use crate::{
    invalid::{self, Invalid},
    slug::Slug,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, HashSet},
    fmt,
};
use utoipa::ToSchema;

/// `<provider slug>/<model id>`: a model of one of the user's providers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelRef {
    /// The provider's slug.
    pub provider: Slug,
    /// The provider's own model id, which may contain slashes.
    pub model: String,
}

impl TryFrom<String> for ModelRef {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        let hint =
            || Invalid::new("model", "Write `<provider slug>/<model id>`, for example `openai/gpt-5.4`.");
        let (provider, model) = text.split_once('/').ok_or_else(hint)?;
        let provider = Slug::try_from(provider.to_owned()).map_err(|_| hint())?;
        let model = crate::provider::Model::parse(model).map_err(|_| hint())?.id;
        Ok(Self { provider, model })
    }
}

impl From<ModelRef> for String {
    fn from(value: ModelRef) -> Self {
        value.to_string()
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// The texts that give an agent its character. Each may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Personality {
    /// How it behaves and talks, in at most 20,000 characters (OpenClaw's limit for a file).
    pub soul: String,
    /// Who it is, in at most 20,000 characters.
    pub identity: String,
    /// What it should know about its user, in at most 4,000 characters (OpenClaw's limit for this file).
    pub user: String,
}

impl Personality {
    /// Checks the three texts against their limits.
    pub fn check(self) -> Result<Self, Invalid> {
        invalid::text("personality.soul", &self.soul, 20_000)?;
        invalid::text("personality.identity", &self.identity, 20_000)?;
        invalid::text("personality.user", &self.user, 4_000)?;
        Ok(self)
    }
}

/// How many fallback models an agent may have.
pub const MAX_FALLBACKS: usize = 5;

/// A tool of OpenClaw's own that an agent may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AgentTool)]
pub enum Tool {
    /// Read files of its workspace.
    Read,
    /// Write files of its workspace.
    Write,
    /// Change files of its workspace.
    Edit,
    /// Run commands in its container. Such an agent can read its owner's provider keys.
    Exec,
    /// Fetch web pages that the network policy allows.
    WebFetch,
}

impl Tool {
    /// All tools, which is the default.
    pub const ALL: [Self; 5] = [Self::Read, Self::Write, Self::Edit, Self::Exec, Self::WebFetch];

    /// The name in OpenClaw and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Edit => "edit",
            Self::Exec => "exec",
            Self::WebFetch => "web_fetch",
        }
    }

    /// Reads stored names and ignores unknown ones.
    pub fn from_stored(names: &[String]) -> BTreeSet<Self> {
        Self::ALL.into_iter().filter(|tool| names.iter().any(|name| name == tool.as_str())).collect()
    }
}

/// A text about how to do something, which the agent reads when it needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Skill {
    /// A slug, unique among the agent's skills.
    #[schema(value_type = String)]
    pub name: Slug,
    /// When to use it, in one line of at most 300 characters. Part of every prompt of the agent.
    pub description: String,
    /// What to do, in at most 20,000 characters of Markdown.
    pub content: String,
}

/// How many skills an agent may have. Each takes a line of every prompt.
pub const MAX_SKILLS: usize = 20;

/// The name of the skill that Mosaic gives to every agent.
pub const BUILTIN_SKILL: &str = "mosaic";

/// Checks count, names and texts of an agent's skills.
pub fn check_skills(skills: Vec<Skill>) -> Result<Vec<Skill>, Invalid> {
    if skills.len() > MAX_SKILLS {
        return Err(Invalid::new("skills", format!("Use at most {MAX_SKILLS} skills.")));
    }
    let mut names = HashSet::new();
    for skill in &skills {
        if skill.name.as_str() == BUILTIN_SKILL || !names.insert(skill.name.as_str()) {
            return Err(Invalid::new("skills.name", format!("`{}` is taken.", skill.name)));
        }
        invalid::line("skills.description", &skill.description, 300)?;
        invalid::text("skills.content", &skill.content, 20_000)?;
    }
    Ok(skills)
}
