//! The session logs that OpenClaw wrote before it kept sessions in a database: one JSON object per line. The first line of
//! a session has its id.

use super::{TranscriptEntry, entries};
use crate::history::parse::parse_message;
use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Value, json};

/// Reads the lines one after the other. They may belong to several sessions.
#[derive(Debug, Default)]
pub struct LegacyLogReader {
    session: Option<String>,
    message_count: usize,
}

#[derive(Deserialize)]
struct Line {
    r#type: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    message: Value,
}

impl LegacyLogReader {
    /// The session of the line that was read last.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Reads one line. Most kinds of lines have no entries.
    ///
    /// # Errors
    /// What is wrong with the line, as the end of a sentence. The lines after it can still be read.
    pub fn read_line(&mut self, line: &str) -> Result<Vec<TranscriptEntry>, &'static str> {
        let document: Value = serde_json::from_str(line).map_err(|_| "is not JSON")?;
        let line: Line =
            serde_json::from_value(document).map_err(|_| "is no line of an OpenClaw session log")?;
        match line.r#type.as_str() {
            "session" if line.id.trim().is_empty() => Err("names no session"),
            "session" => {
                *self = Self { session: Some(line.id), message_count: 0 };
                Ok(Vec::new())
            }
            "message" if self.session.is_none() => Err("stands before the line that names its session"),
            "message" => self.read_message(line),
            _ => Ok(Vec::new()),
        }
    }

    fn read_message(&mut self, line: Line) -> Result<Vec<TranscriptEntry>, &'static str> {
        let Line { id, timestamp, mut message, .. } = line;
        self.message_count += 1;
        // The oldest logs have no ids.
        let id = if id.is_empty() { format!("message-{}", self.message_count) } else { id };
        if !message.is_object() {
            return Err("has no message");
        }
        if !message["timestamp"].is_i64() {
            let at = DateTime::parse_from_rfc3339(&timestamp).map_err(|_| "has no time")?;
            message["timestamp"] = json!(at.timestamp_millis());
        }
        if !message["__openclaw"].is_object() {
            message["__openclaw"] = json!({});
        }
        message["__openclaw"]["id"] = json!(id);
        parse_message(message).map(|items| entries(&items)).ok_or("has a message of an unknown shape")
    }
}
