//! What an admin sets about knowledge: where vectors come from and which language texts are in.

use crate::invalid::{self, Invalid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where vectors come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EmbeddingSource {
    /// The model inside Mosaic: needs no key and no network.
    #[default]
    Builtin,
    /// An endpoint that speaks OpenAI's embeddings API.
    Endpoint,
    /// Nowhere: searches go by words alone.
    Off,
}

/// What is shown of a key that is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ShownKey {
    /// Whether there is one.
    pub set: bool,
    /// Its last characters; of a short key none.
    pub ends_in: String,
}

/// Who embeds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Embeddings {
    /// Where vectors come from.
    pub source: EmbeddingSource,
    /// The endpoint's base URL (`https://llm.example.org/v1`).
    pub base_url: Option<String>,
    /// The endpoint's model.
    pub model: Option<String>,
    /// The endpoint's key: written as text or null, shown like this.
    pub api_key: ShownKey,
}

/// Everything about knowledge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct KnowledgeSettings {
    /// Who embeds.
    pub embeddings: Embeddings,
    /// The text search configuration of Postgres by which words are found; `simple` takes them as they are.
    pub text_search_language: String,
}

impl Default for KnowledgeSettings {
    fn default() -> Self {
        Self { embeddings: Embeddings::default(), text_search_language: "english".into() }
    }
}

/// The configurations that Postgres has from version 15 on.
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
        let Embeddings { source: EmbeddingSource::Endpoint, base_url, model, .. } = &self.embeddings else {
            return Ok(());
        };
        // The address itself is checked by whoever calls it.
        invalid::line("knowledge.embeddings.baseUrl", base_url.as_deref().unwrap_or_default(), 500)?;
        invalid::line("knowledge.embeddings.model", model.as_deref().unwrap_or_default(), 200)?;
        Ok(())
    }
}
