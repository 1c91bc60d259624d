//! What was said in a session, as an archive keeps it.
//!
//! Owns the way from a session's items ([`entries`]) and from the session logs of older versions ([`Reader`], [`old_file`])
//! to one list of entries whose ids stay the same, whichever page or file they are read from.

mod index;
mod jsonl;

pub use index::{AGENTS, OldFile, keys, old_file};
pub use jsonl::Reader;

use crate::history::{Author, Item, Part};
use domain::conversation::{MAX_KEY, MessageRole};

/// Something said, or done with a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name within the session.
    pub id: String,
    /// Whose words.
    pub role: MessageRole,
    /// The tool that was called, or answered.
    pub tool: Option<String>,
    /// The words; of a tool call its arguments as JSON.
    pub text: String,
    /// Whether these are only the beginning.
    pub clipped: bool,
    /// When it was written, in milliseconds since 1970, by the clock of where it was written.
    pub at_ms: i64,
}

/// What of these items (oldest first) is worth keeping: no failures, and nothing OpenClaw wrote to itself.
pub fn entries(items: &[Item]) -> Vec<Entry> {
    let mut kept: Vec<Entry> = Vec::new();
    for item in items {
        let Some((role, tool, text, clipped)) = said(&item.part) else { continue };
        // Not by the number of the part: a page may begin between two messages of one entry.
        let id = match &item.part {
            Part::ToolCall { id, .. } => format!("{}/{id}", item.entry),
            Part::Commentary(_) => format!("{}/said", item.entry),
            _ => item.entry.clone(),
        };
        let id: String = id.chars().take(MAX_KEY).collect();
        let at_ms = item.at_ms;
        match kept.last_mut().filter(|last| last.id == id) {
            // Several texts of one entry are one message.
            Some(last) => {
                last.text = format!("{}\n{text}", last.text);
                last.clipped |= clipped;
            }
            None => kept.push(Entry { id, role, tool, text, clipped, at_ms }),
        }
    }
    kept
}

fn said(part: &Part) -> Option<(MessageRole, Option<String>, String, bool)> {
    let (role, tool, text, clipped) = match part {
        Part::User { author: Author::Person, text } => (MessageRole::User, None, text.clone(), false),
        Part::Text { text, clipped } => (MessageRole::Assistant, None, text.clone(), *clipped),
        Part::Commentary(text) => (MessageRole::Assistant, None, text.clone(), false),
        Part::ToolCall { name, arguments, .. } => {
            (MessageRole::Tool, Some(name.clone()), arguments.to_string(), false)
        }
        Part::ToolResult { name, text, .. } => (MessageRole::Tool, Some(name.clone()), text.clone(), false),
        Part::User { author: Author::Resumption, .. } | Part::Failed(_) => return None,
    };
    (!text.trim().is_empty()).then_some((role, tool, text, clipped))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
