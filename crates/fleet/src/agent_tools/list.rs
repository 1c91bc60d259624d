//! What there is, as agents are told.

use super::{MOST, USUAL};
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
    vec![findings_search(), finding_save(), memory_get(), memory_set(), memory_list(), conversations_search()]
}

fn findings_search() -> Tool {
    Tool {
        name: "findings_search",
        title: "Search findings",
        description: "Search the facts that your user and their agents have saved. Finds by words and by meaning; the \
                      best matches come first. Use it before you say that you do not know.",
        arguments: object(
            &["query"],
            json!({
                "query": { "type": "string", "description": "What to look for, in plain words." },
                "limit": limit(),
                "tags": { "type": "array", "items": { "type": "string" }, "description": "Only with all of these tags." },
            }),
        ),
        effect: Effect::None,
    }
}

fn finding_save() -> Tool {
    Tool {
        name: "finding_save",
        title: "Save a finding",
        description: "Keep a fact, a decision, a preference or a result for all later conversations. Write it so that it \
                      can be understood without this one. The same content twice is kept once.",
        arguments: object(
            &["content"],
            json!({
                "content": { "type": "string", "description": "The fact, in sentences." },
                "title": { "type": "string", "description": "A few words." },
                "tags": { "type": "array", "items": { "type": "string" }, "description": "A few words to find it by." },
                "ttlSeconds": ttl(),
            }),
        ),
        effect: Effect::Keeps,
    }
}

fn memory_get() -> Tool {
    Tool {
        name: "memory_get",
        title: "Read a memory",
        description: "Read a value that was kept under a key. Version 0 means that there is none.",
        arguments: object(&["key"], json!({ "key": key(), "whose": whose() })),
        effect: Effect::None,
    }
}

fn memory_set() -> Tool {
    Tool {
        name: "memory_set",
        title: "Keep a memory",
        description: "Keep a value under a key, in place of what was there.",
        arguments: object(
            &["key", "value"],
            json!({
                "key": key(),
                "value": { "description": "Any JSON." },
                "ifVersion": {
                    "type": "integer",
                    "description": "Only if this is the version now; 0 = only if there is none.",
                },
                "ttlSeconds": ttl(),
                "whose": whose(),
            }),
        ),
        effect: Effect::Keeps,
    }
}

fn memory_list() -> Tool {
    Tool {
        name: "memory_list",
        title: "List memories",
        description: "List the keys that begin with a prefix, with their values, in alphabetical order.",
        arguments: object(
            &[],
            json!({
                "prefix": { "type": "string", "description": "How the keys begin; all if not said." },
                "after": { "type": "string", "description": "The last key of the list before, to go on behind it." },
                "limit": { "type": "integer", "minimum": 1, "maximum": 100 },
                "whose": whose(),
            }),
        ),
        effect: Effect::None,
    }
}

fn conversations_search() -> Tool {
    Tool {
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
    }
}

fn limit() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": MOST, "description": format!("The most matches; {USUAL} if not said.") })
}

fn ttl() -> Value {
    json!({ "type": "integer", "minimum": 1, "description": "For how long; for ever if not said." })
}

fn key() -> Value {
    json!({ "type": "string", "description": "Its name, as projects/garden/plan." })
}

fn whose() -> Value {
    json!({
        "type": "string",
        "enum": ["own", "shared"],
        "description": "Your own memory (if not said), or the one that all agents of your user share.",
    })
}

fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
