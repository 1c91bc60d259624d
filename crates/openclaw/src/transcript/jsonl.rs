//! The session logs that OpenClaw wrote before it kept sessions in a database: one JSON object a line, the first of
//! a session naming it.

use super::{Entry, entries};
use crate::history::parse;
use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Value, json};

/// Reads lines one after the other; they may hold several sessions.
#[derive(Debug, Default)]
pub struct Reader {
    session: Option<String>,
    messages: usize,
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

impl Reader {
    /// The session that the lines read last belong to.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Reads one line; most kinds of lines hold nothing that was said.
    ///
    /// # Errors
    /// What is wrong with the line, as the end of a sentence. The lines behind it can be read all the same.
    pub fn read(&mut self, line: &str) -> Result<Vec<Entry>, &'static str> {
        let document: Value = serde_json::from_str(line).map_err(|_| "is not JSON")?;
        let line: Line =
            serde_json::from_value(document).map_err(|_| "is no line of an OpenClaw session log")?;
        match line.r#type.as_str() {
            "session" if line.id.trim().is_empty() => Err("names no session"),
            "session" => {
                *self = Self { session: Some(line.id), messages: 0 };
                Ok(Vec::new())
            }
            "message" if self.session.is_none() => Err("stands before the line that names its session"),
            "message" => self.message(line),
            _ => Ok(Vec::new()),
        }
    }

    fn message(&mut self, line: Line) -> Result<Vec<Entry>, &'static str> {
        let Line { id, timestamp, mut message, .. } = line;
        self.messages += 1;
        // The oldest logs have no ids.
        let id = if id.is_empty() { format!("message-{}", self.messages) } else { id };
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
        parse::message(message).map(|items| entries(&items)).ok_or("has a message of an unknown shape")
    }
}
