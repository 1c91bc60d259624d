//! Kinds of LLM providers, and their models.

use crate::invalid::{self, Invalid};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use utoipa::ToSchema;

/// The kinds of provider that Mosaic supports. The API and the database use the same text form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // The names are those of the providers.
pub enum ProviderKind {
    Anthropic,
    Openai,
    Google,
    Openrouter,
    Ollama,
    Zai,
    Groq,
    Mistral,
    Deepseek,
    Xai,
    Together,
    OpenaiCompatible,
    AnthropicCompatible,
}

impl ProviderKind {
    /// All kinds, in the order in which users see them.
    pub const ALL: [Self; 13] = [
        Self::Anthropic,
        Self::Openai,
        Self::Google,
        Self::Openrouter,
        Self::Ollama,
        Self::Zai,
        Self::Groq,
        Self::Mistral,
        Self::Deepseek,
        Self::Xai,
        Self::Together,
        Self::OpenaiCompatible,
        Self::AnthropicCompatible,
    ];

    /// The stable text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
            Self::Google => "google",
            Self::Openrouter => "openrouter",
            Self::Ollama => "ollama",
            Self::Zai => "zai",
            Self::Groq => "groq",
            Self::Mistral => "mistral",
            Self::Deepseek => "deepseek",
            Self::Xai => "xai",
            Self::Together => "together",
            Self::OpenaiCompatible => "openai-compatible",
            Self::AnthropicCompatible => "anthropic-compatible",
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProviderKind {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let known = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| Invalid::new("kind", format!("Use one of: {}.", known())))
    }
}

/// A model, by the provider's own id, which may contain slashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Model {
    /// The id sent to the provider.
    pub id: String,
}

impl Model {
    /// Accepts an id of at most 200 characters without whitespace.
    pub fn parse(id: &str) -> Result<Self, Invalid> {
        let id = invalid::line("models", id, 200)?;
        if id.chars().any(char::is_whitespace) {
            return Err(Invalid::new("models", "A model id has no spaces."));
        }
        Ok(Self { id })
    }
}
