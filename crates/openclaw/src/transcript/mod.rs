//! The messages of a session, in the form of the archive.
//!
//! Makes them from a session's items ([`entries`]) and from the session logs of older versions ([`LegacyLogReader`],
//! [`classify_legacy_file`]). The id of an entry does not depend on the page or file that it is read from.

mod index;
mod jsonl;

pub use index::{AGENTS_DIR, LegacyFile, classify_legacy_file, parse_index};
pub use jsonl::LegacyLogReader;

use crate::history::{Author, HistoryItem, HistoryPart};
use domain::conversation::{MAX_KEY_CHARS, MessageRole};

/// A message, a tool call or a tool result.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct TranscriptEntry {
    /// Unique within the session.
    pub id: String,
    pub role: MessageRole,
    /// The tool of a call or result.
    pub tool: Option<String>,
    /// For a tool call, its arguments as JSON.
    pub text: String,
    /// Whether the text is only the beginning.
    pub truncated: bool,
    /// When it was written, in milliseconds since 1970, by the clock of the machine that wrote it.
    pub at_ms: i64,
}

/// The entries of these items, which are ordered from the oldest. Without failures and OpenClaw's messages to itself.
pub fn entries(items: &[HistoryItem]) -> Vec<TranscriptEntry> {
    let mut entries: Vec<TranscriptEntry> = Vec::new();
    for item in items {
        let Some((role, tool, text, truncated)) = content(&item.part) else { continue };
        // Without the index of the part, because a page may begin between two messages of one entry.
        let id = match &item.part {
            HistoryPart::ToolCall { id, .. } => format!("{}/{id}", item.entry),
            HistoryPart::Commentary(_) => format!("{}/said", item.entry),
            _ => item.entry.clone(),
        };
        let id: String = id.chars().take(MAX_KEY_CHARS).collect();
        let at_ms = item.at_ms;
        match entries.last_mut().filter(|last| last.id == id) {
            // Several texts of one entry are one message.
            Some(last) => {
                last.text = format!("{}\n{text}", last.text);
                last.truncated |= truncated;
            }
            None => entries.push(TranscriptEntry { id, role, tool, text, truncated, at_ms }),
        }
    }
    entries
}

/// Role, tool, text and whether that is truncated.
fn content(part: &HistoryPart) -> Option<(MessageRole, Option<String>, String, bool)> {
    let (role, tool, text, truncated) = match part {
        HistoryPart::User { author: Author::Person, text } => (MessageRole::User, None, text.clone(), false),
        HistoryPart::Text { text, truncated } => (MessageRole::Assistant, None, text.clone(), *truncated),
        HistoryPart::Commentary(text) => (MessageRole::Assistant, None, text.clone(), false),
        HistoryPart::ToolCall { name, arguments, .. } => {
            (MessageRole::Tool, Some(name.clone()), arguments.to_string(), false)
        }
        HistoryPart::ToolResult { name, text, .. } => {
            (MessageRole::Tool, Some(name.clone()), text.clone(), false)
        }
        HistoryPart::User { author: Author::Resumption, .. } | HistoryPart::Failed(_) => return None,
    };
    (!text.trim().is_empty()).then_some((role, tool, text, truncated))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
