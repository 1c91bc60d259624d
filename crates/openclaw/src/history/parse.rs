//! From OpenClaw's history JSON to items.
//!
//! Owns the shapes. Unknown roles, blocks and fields are skipped: they are display detail.

use super::{
    Page,
    item::{Author, Item, Part},
};
use crate::{errors, storable};
use serde::Deserialize;
use serde_json::Value;

/// The most that is kept of a tool's output, in characters.
const RESULT_CHARS: usize = 4_000;
/// The most that is kept of one string in a tool's arguments, in characters.
const ARGUMENT_CHARS: usize = 2_000;

#[derive(Deserialize)]
struct RawPage {
    items: Vec<Value>,
    #[serde(default, rename = "nextCursor")]
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEntry {
    role: String,
    #[serde(default)]
    content: Value,
    #[serde(default)]
    timestamp: i64,
    #[serde(default)]
    stop_reason: String,
    #[serde(default)]
    error_message: String,
    #[serde(default)]
    tool_call_id: String,
    #[serde(default)]
    tool_name: String,
    #[serde(default)]
    is_error: bool,
    #[serde(default)]
    custom_type: String,
    #[serde(default)]
    provenance: Provenance,
    openclaw_stream_fallback: Option<Value>,
    #[serde(default, rename = "__openclaw")]
    meta: Meta,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Provenance {
    kind: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Meta {
    id: String,
    seq: u64,
    run_id: Option<String>,
    truncated: bool,
}

/// Reads a page. `None` when it is none.
pub(crate) fn page(body: &[u8]) -> Option<Page> {
    let raw: RawPage = serde_json::from_slice(body).ok()?;
    let older = raw.next_cursor.and_then(|cursor| cursor.parse().ok());
    let entries =
        raw.items.into_iter().map(storable::document).filter_map(|entry| serde_json::from_value(entry).ok());
    let mut items: Vec<Item> = Vec::new();
    for entry in entries.flat_map(items_of) {
        // Commentary and tool call of one entry come as two messages with the same id.
        let index = items.iter().rev().take_while(|item| item.entry == entry.entry).count();
        items.push(Item { index: u16::try_from(index).unwrap_or(u16::MAX), ..entry });
    }
    Some(Page { items, older })
}

/// The parts of one message that stands alone. `None` when it is none.
pub(crate) fn message(raw: Value) -> Option<Vec<Item>> {
    let entry = serde_json::from_value(storable::document(raw)).ok()?;
    let number = |(index, item)| Item { index: u16::try_from(index).unwrap_or(u16::MAX), ..item };
    Some(items_of(entry).into_iter().enumerate().map(number).collect())
}

fn items_of(entry: RawEntry) -> Vec<Item> {
    let parts = parts(&entry);
    let Meta { id, seq, run_id, .. } = entry.meta;
    let item =
        |part| Item { entry: id.clone(), index: 0, seq, at_ms: entry.timestamp, run: run_id.clone(), part };
    parts.into_iter().map(item).collect()
}

fn parts(entry: &RawEntry) -> Vec<Part> {
    match (entry.role.as_str(), entry.stop_reason.as_str()) {
        ("user", _) => {
            let internal = entry.provenance.kind == "internal_system";
            let author = if internal { Author::Resumption } else { Author::Person };
            vec![Part::User { author, text: text_of(&entry.content) }]
        }
        ("assistant", "error" | "aborted") => {
            let sentence = format!("{} {}", entry.error_message, text_of(&entry.content));
            vec![Part::Failed(errors::of_failed_entry(&sentence))]
        }
        ("assistant", _) if entry.openclaw_stream_fallback.is_some() => {
            vec![Part::Commentary(text_of(&entry.content))]
        }
        ("assistant", _) => {
            blocks(&entry.content).filter_map(|block| said(block, entry.meta.truncated)).collect()
        }
        ("toolResult", _) => vec![Part::ToolResult {
            id: entry.tool_call_id.clone(),
            name: entry.tool_name.clone(),
            is_error: entry.is_error,
            text: clip(&text_of(&entry.content), RESULT_CHARS),
        }],
        ("custom", _) if entry.custom_type == "run-failed-before-reply" => {
            vec![Part::Failed(errors::of_failed_entry(&text_of(&entry.content)))]
        }
        _ => Vec::new(),
    }
}

fn said(block: &Value, clipped: bool) -> Option<Part> {
    let text = |name: &str| block[name].as_str().unwrap_or_default();
    match text("type") {
        "text" if !text("text").is_empty() => Some(Part::Text {
            text: text("text").strip_suffix("\n...(truncated)...").unwrap_or(text("text")).to_owned(),
            clipped,
        }),
        "toolCall" => Some(Part::ToolCall {
            id: text("id").to_owned(),
            name: text("name").to_owned(),
            arguments: clip_strings(block["arguments"].clone()),
        }),
        _ => None,
    }
}

fn blocks(content: &Value) -> impl Iterator<Item = &Value> {
    content.as_array().into_iter().flatten()
}

fn text_of(content: &Value) -> String {
    if let Some(text) = content.as_str() {
        return text.to_owned();
    }
    let texts: Vec<&str> = blocks(content).filter_map(|block| block["text"].as_str()).collect();
    texts.join("\n")
}

fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn clip_strings(value: Value) -> Value {
    match value {
        Value::String(text) => clip(&text, ARGUMENT_CHARS).into(),
        Value::Array(items) => items.into_iter().map(clip_strings).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, clip_strings(value))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
