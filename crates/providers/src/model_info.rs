//! Models as providers describe them, and the normalization of model lists.
//!
//! It must not decide which model is good for what.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// More than any provider has. Protects against a hostile list.
const MAX_MODELS: usize = 5_000;
/// Longer ids cannot be stored; see [`domain::provider::Model`].
const MAX_ID_CHARS: usize = 200;

/// A model as far as the provider describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelInfo {
    /// The id to use in requests.
    pub id: String,
    /// The provider's name for it, if it differs from the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Maximum input in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// Maximum output in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output: Option<u64>,
}

impl ModelInfo {
    /// Reads one item of a list in any dialect; `None` when it has no valid id.
    pub(crate) fn read(item: &Value) -> Option<Self> {
        let text = |names: &[&str]| names.iter().find_map(|name| item[*name].as_str());
        let number = |names: &[&str]| names.iter().find_map(|name| item[*name].as_u64()).filter(|n| *n > 0);
        let id = text(&["id", "name", "model"])?;
        let id = id.strip_prefix("models/").unwrap_or(id);
        let id = domain::provider::Model::parse(id).ok()?.id;
        let name = text(&["display_name", "displayName", "name"]).filter(|name| {
            name.trim_start_matches("models/") != id
                && name.len() <= MAX_ID_CHARS
                && !name.chars().any(char::is_control)
        });
        Some(Self {
            name: name.map(str::to_owned),
            context_window: number(&[
                "context_length",
                "context_window",
                "max_context_length",
                "inputTokenLimit",
                "max_input_tokens",
                "max_model_len",
            ]),
            max_output: number(&[
                "outputTokenLimit",
                "max_completion_tokens",
                "max_tokens",
                "max_output_tokens",
            ]),
            id,
        })
    }
}

/// Truncates the list, sorts it by id and removes duplicates.
pub(crate) fn normalize(mut models: Vec<ModelInfo>) -> Vec<ModelInfo> {
    models.truncate(MAX_MODELS);
    models.sort_by(|a, b| a.id.cmp(&b.id));
    models.dedup_by(|a, b| a.id == b.id);
    models
}

/// Up to three listed ids that are similar to `wanted`, the most similar first.
pub(crate) fn similar(wanted: &str, listed: &[ModelInfo]) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut ranked: Vec<_> = listed
        .iter()
        .map(|model| (distance(&wanted, &model.id.to_lowercase()), &model.id))
        .filter(|(distance, id)| *distance * 3 <= wanted.chars().count().max(id.chars().count()))
        .collect();
    ranked.sort();
    ranked.into_iter().take(3).map(|(_, id)| id.clone()).collect()
}

/// The Levenshtein distance between two short texts.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn listed(ids: &[&str]) -> Vec<ModelInfo> {
        ids.iter().filter_map(|id| ModelInfo::read(&json!({"id": id}))).collect()
    }

    #[test]
    fn similar_ids_are_offered_and_others_not() {
        let models = listed(&["claude-opus-5", "claude-sonnet-5", "gpt-5.4", "whisper-1"]);
        assert_eq!(similar("claude-opus5", &models), ["claude-opus-5"]);
        assert_eq!(similar("GPT-5.4", &models), ["gpt-5.4"]);
        assert!(similar("llama", &models).is_empty());
    }

    #[test]
    fn distance_is_the_number_of_edits() {
        for (a, b, expected) in [("", "", 0), ("abc", "", 3), ("", "abc", 3), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a, b), expected);
        }
    }

    #[test]
    fn items_of_every_dialect_are_read() {
        let model = |item| ModelInfo::read(&item).unwrap();
        let google = model(
            json!({"name":"models/gemini-3","displayName":"Gemini 3","inputTokenLimit":1000,"outputTokenLimit":10}),
        );
        assert_eq!((google.id.as_str(), google.name.as_deref()), ("gemini-3", Some("Gemini 3")));
        assert_eq!((google.context_window, google.max_output), (Some(1000), Some(10)));
        let anthropic = model(json!({"id":"claude-opus-5","display_name":"Claude Opus 5"}));
        assert_eq!(anthropic.name.as_deref(), Some("Claude Opus 5"));
        let ollama = model(json!({"name":"llama3.3:latest","model":"llama3.3:latest"}));
        assert_eq!((ollama.id.as_str(), ollama.name), ("llama3.3:latest", None));
        assert_eq!(model(json!({"id":"m","max_model_len":4096})).context_window, Some(4096));
    }

    #[test]
    fn hostile_lists_are_truncated() {
        for item in [
            json!(null),
            json!(7),
            json!({}),
            json!({"id": ""}),
            json!({"id": "a b"}),
            json!({"id": "x".repeat(201)}),
            json!({"id": "a\u{0}"}),
        ] {
            assert_eq!(ModelInfo::read(&item), None, "{item}");
        }
        let odd = ModelInfo::read(&json!({"id":"m","name":"bad\u{1b}[0m","context_length":-1})).unwrap();
        assert_eq!((odd.name, odd.context_window), (None, None));
        let many = (0..6_000).filter_map(|n| ModelInfo::read(&json!({"id": format!("m{n}")}))).collect();
        assert_eq!(normalize(many).len(), MAX_MODELS);
        assert_eq!(normalize(listed(&["b", "a", "b"])), listed(&["a", "b"]));
    }
}
