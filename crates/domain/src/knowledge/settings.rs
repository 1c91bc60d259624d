//! Settings of knowledge: where vectors come from, and the language of texts.

use crate::invalid::{self, Invalid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where vectors come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EmbeddingSource {
    /// The model inside Mosaic, which needs no key and no network.
    #[default]
    Builtin,
    /// An endpoint with OpenAI's embeddings API.
    Endpoint,
    /// No vectors: searches match words only.
    Off,
}

/// What is shown of a stored key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ShownKey)]
pub struct KeySummary {
    /// Whether there is one.
    pub set: bool,
    /// Its last characters; empty for a short key.
    pub ends_in: String,
}

/// What embeds texts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Embeddings)]
pub struct EmbeddingSettings {
    /// Where vectors come from.
    pub source: EmbeddingSource,
    /// The endpoint's base URL (`https://llm.example.org/v1`).
    pub base_url: Option<String>,
    /// The endpoint's model.
    pub model: Option<String>,
    /// The endpoint's key. To change it, write a text, or null to remove it.
    pub api_key: KeySummary,
}

/// Search in findings and conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct KnowledgeSettings {
    /// What embeds texts.
    pub embeddings: EmbeddingSettings,
    /// Postgres's text search configuration for finding words; `simple` matches them exactly.
    pub text_search_language: String,
}

impl Default for KnowledgeSettings {
    fn default() -> Self {
        Self { embeddings: EmbeddingSettings::default(), text_search_language: "english".into() }
    }
}

/// The text search configurations of Postgres 15 and later.
const LANGUAGES: [&str; 29] = [
    "simple",
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
    "yiddish",
];

impl KnowledgeSettings {
    /// Checks what the types cannot express.
    pub fn check(&self) -> Result<(), Invalid> {
        if !LANGUAGES.contains(&self.text_search_language.as_str()) {
            let known = LANGUAGES.join(", ");
            return Err(Invalid::new("knowledge.textSearchLanguage", format!("Use one of: {known}.")));
        }
        let EmbeddingSettings { source: EmbeddingSource::Endpoint, base_url, model, .. } = &self.embeddings
        else {
            return Ok(());
        };
        // The outbound client checks the address itself on each call.
        invalid::line("knowledge.embeddings.baseUrl", base_url.as_deref().unwrap_or_default(), 500)?;
        invalid::line("knowledge.embeddings.model", model.as_deref().unwrap_or_default(), 200)?;
        Ok(())
    }
}
