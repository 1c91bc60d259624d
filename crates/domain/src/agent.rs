//! Agents: a name, a personality and the models that answer.

use crate::{
    invalid::{self, Invalid},
    slug::Slug,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// `<provider slug>/<model id>`: which model of which of the user's providers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelRef {
    /// The provider's slug.
    pub provider: Slug,
    /// The provider's own model id; may contain further slashes.
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

/// The texts that make an agent somebody. Empty means "nothing said".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Personality {
    /// How it behaves and talks (at most 20,000 characters: OpenClaw's cap for one file).
    pub soul: String,
    /// Who it is (at most 20,000 characters).
    pub identity: String,
    /// What it should know about its user (at most 4,000 characters: OpenClaw's cap for this file).
    pub user: String,
}

impl Personality {
    /// Checks the three texts against their caps.
    pub fn check(self) -> Result<Self, Invalid> {
        invalid::text("personality.soul", &self.soul, 20_000)?;
        invalid::text("personality.identity", &self.identity, 20_000)?;
        invalid::text("personality.user", &self.user, 4_000)?;
        Ok(self)
    }
}

/// The most fallback models one agent may name.
pub const MAX_FALLBACKS: usize = 5;
