//! The tools with their descriptions, as agents read them.

use super::{DEFAULT_HITS, MAX_HITS};
use serde_json::{Value, json};

/// A tool that agents can call.
#[derive(Debug, Clone)]
pub struct Tool {
    /// The name by which agents call it.
    pub name: &'static str,
    /// A title for people.
    pub title: &'static str,
    /// When to use it, for agents.
    pub description: &'static str,
    /// The JSON Schema of its arguments.
    pub arguments: Value,
    /// What a call changes.
    pub effect: Effect,
}

/// What a call changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// It stores something.
    Stores,
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
                "tags": { "type": "array", "items": { "type": "string" }, "description": "Only findings with all of these tags." },
            }),
        ),
        effect: Effect::None,
    }
}

fn finding_save() -> Tool {
    Tool {
        name: "finding_save",
        title: "Save a finding",
        description: "Save a fact, a decision, a preference or a result for all later conversations. Write it so that it \
                      can be understood without this one. The same content is kept only once.",
        arguments: object(
            &["content"],
            json!({
                "content": { "type": "string", "description": "The fact, in sentences." },
                "title": { "type": "string", "description": "A few words." },
                "tags": { "type": "array", "items": { "type": "string" }, "description": "A few words to find it by." },
                "ttlSeconds": ttl(),
            }),
        ),
        effect: Effect::Stores,
    }
}

fn memory_get() -> Tool {
    Tool {
        name: "memory_get",
        title: "Read a memory",
        description: "Read the value of a key. Version 0 means that there is none.",
        arguments: object(&["key"], json!({ "key": key(), "whose": whose() })),
        effect: Effect::None,
    }
}

fn memory_set() -> Tool {
    Tool {
        name: "memory_set",
        title: "Store a memory",
        description: "Store a value under a key, in place of the value that was there.",
        arguments: object(
            &["key", "value"],
            json!({
                "key": key(),
                "value": { "description": "Any JSON." },
                "ifVersion": {
                    "type": "integer",
                    "description": "Only if this is the current version; 0 = only if there is no value.",
                },
                "ttlSeconds": ttl(),
                "whose": whose(),
            }),
        ),
        effect: Effect::Stores,
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
                "prefix": { "type": "string", "description": "How the keys begin; all by default." },
                "after": { "type": "string", "description": "The last key of the previous list, to continue after it." },
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
        description: "Search everything that your user and their agents have said before, including tool results. \
                      Finds by words and by meaning; the best matches come first.",
        arguments: object(
            &["query"],
            json!({
                "query": { "type": "string", "description": "What to look for, in plain words." },
                "limit": limit(),
                "role": { "type": "string", "enum": ["user", "assistant", "tool"], "description": "Who wrote the message." },
                "since": { "type": "string", "description": "Not before this time, as 2026-11-22T16:00:00Z." },
                "until": { "type": "string", "description": "Before this time, as 2026-11-22T16:00:00Z." },
            }),
        ),
        effect: Effect::None,
    }
}

fn limit() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": MAX_HITS, "description": format!("The most matches; {DEFAULT_HITS} by default.") })
}

fn ttl() -> Value {
    json!({ "type": "integer", "minimum": 1, "description": "For how long; for ever by default." })
}

fn key() -> Value {
    json!({ "type": "string", "description": "The key, for example projects/garden/plan." })
}

fn whose() -> Value {
    json!({
        "type": "string",
        "enum": ["own", "shared"],
        "description": "Your own memory (the default), or the one that all agents of your user share.",
    })
}

fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
