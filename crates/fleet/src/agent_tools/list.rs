//! What there is, as agents are told.

use serde_json::{Value, json};

/// A tool.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// When to use it, for agents.
    pub description: &'static str,
    /// JSON Schema of its arguments.
    pub arguments: Value,
    /// Whether it changes something.
    pub effect: Effect,
}

/// What a call leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// Something is kept.
    Keeps,
}

/// All tools.
pub fn list() -> Vec<Tool> {
    vec![Tool {
        name: "conversations_search",
        title: "Search conversations",
        description: "Search everything that your user and their agents have said before, tool results included. \
                      Finds by words and by meaning; the best matches come first.",
        arguments: object(
            &["query"],
            json!({
                "query": { "type": "string", "description": "What to look for, in plain words." },
                "limit": limit(),
                "role": { "type": "string", "enum": ["user", "assistant", "tool"], "description": "Whose words." },
                "since": { "type": "string", "description": "Not before this moment, as 2026-11-22T16:00:00Z." },
                "until": { "type": "string", "description": "Before this moment, as 2026-11-22T16:00:00Z." },
            }),
        ),
        effect: Effect::None,
    }]
}

fn limit() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": super::MOST, "description": "The most matches; 8 if not said." })
}

fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
