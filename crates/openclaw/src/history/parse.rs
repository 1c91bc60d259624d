//! From OpenClaw's history JSON to items.
//!
//! Unknown roles, blocks and fields are skipped.

use super::{
    HistoryPage,
    item::{Author, HistoryItem, HistoryPart},
};
use crate::{errors, storable};
use serde::Deserialize;
use serde_json::Value;

/// What is kept of a tool's output.
const MAX_RESULT_CHARS: usize = 4_000;
/// What is kept of each string in a tool's arguments.
const MAX_ARGUMENT_CHARS: usize = 2_000;
/// OpenClaw's mark at the end of a text that it truncated.
const TRUNCATION_MARK: &str = "\n...(truncated)...";

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

/// Parses a page. `None` if `body` is not one.
pub(crate) fn parse_page(body: &[u8]) -> Option<HistoryPage> {
    let raw: RawPage = serde_json::from_slice(body).ok()?;
    let older = raw.next_cursor.and_then(|cursor| cursor.parse().ok());
    let entries =
        raw.items.into_iter().map(storable::document).filter_map(|entry| serde_json::from_value(entry).ok());
    let mut items: Vec<HistoryItem> = Vec::new();
    for item in entries.flat_map(items_of) {
        // Commentary and tool call of one entry are two messages with the same id.
        let index = items.iter().rev().take_while(|other| other.entry == item.entry).count();
        items.push(with_index(index, item));
    }
    Some(HistoryPage { items, older })
}

/// Parses a single message. `None` if `raw` is not one.
pub(crate) fn parse_message(raw: Value) -> Option<Vec<HistoryItem>> {
    let entry = serde_json::from_value(storable::document(raw)).ok()?;
    Some(items_of(entry).into_iter().enumerate().map(|(index, item)| with_index(index, item)).collect())
}

fn with_index(index: usize, item: HistoryItem) -> HistoryItem {
    HistoryItem { index: u16::try_from(index).unwrap_or(u16::MAX), ..item }
}

fn items_of(entry: RawEntry) -> Vec<HistoryItem> {
    let parts = parts_of(&entry);
    let Meta { id, seq, run_id, .. } = entry.meta;
    let at_ms = entry.timestamp;
    let item = |part| HistoryItem { entry: id.clone(), index: 0, seq, at_ms, run_id: run_id.clone(), part };
    parts.into_iter().map(item).collect()
}

fn parts_of(entry: &RawEntry) -> Vec<HistoryPart> {
    match (entry.role.as_str(), entry.stop_reason.as_str()) {
        ("user", _) => {
            let is_internal = entry.provenance.kind == "internal_system";
            let author = if is_internal { Author::Resumption } else { Author::Person };
            vec![HistoryPart::User { author, text: text_of(&entry.content) }]
        }
        ("assistant", "error" | "aborted") => {
            let sentence = format!("{} {}", entry.error_message, text_of(&entry.content));
            vec![HistoryPart::Failed(errors::classify_failed_entry(&sentence))]
        }
        ("assistant", _) if entry.openclaw_stream_fallback.is_some() => {
            vec![HistoryPart::Commentary(text_of(&entry.content))]
        }
        ("assistant", _) => {
            blocks(&entry.content).filter_map(|block| parse_block(block, entry.meta.truncated)).collect()
        }
        ("toolResult", _) => vec![HistoryPart::ToolResult {
            id: entry.tool_call_id.clone(),
            name: entry.tool_name.clone(),
            is_error: entry.is_error,
            text: truncate(&text_of(&entry.content), MAX_RESULT_CHARS),
        }],
        ("custom", _) if entry.custom_type == "run-failed-before-reply" => {
            vec![HistoryPart::Failed(errors::classify_failed_entry(&text_of(&entry.content)))]
        }
        _ => Vec::new(),
    }
}

fn parse_block(block: &Value, truncated: bool) -> Option<HistoryPart> {
    let text = |name: &str| block[name].as_str().unwrap_or_default();
    match text("type") {
        "text" if !text("text").is_empty() => Some(HistoryPart::Text {
            text: text("text").strip_suffix(TRUNCATION_MARK).unwrap_or(text("text")).to_owned(),
            truncated,
        }),
        "toolCall" => Some(HistoryPart::ToolCall {
            id: text("id").to_owned(),
            name: text("name").to_owned(),
            arguments: truncate_strings(block["arguments"].clone()),
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

fn truncate(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn truncate_strings(value: Value) -> Value {
    match value {
        Value::String(text) => truncate(&text, MAX_ARGUMENT_CHARS).into(),
        Value::Array(items) => items.into_iter().map(truncate_strings).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, truncate_strings(value))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
