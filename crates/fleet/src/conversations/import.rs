//! Imports session logs of older versions of OpenClaw that a user uploads as files.

use super::{
    archive::{self, session},
    check_agent,
    message::{from_entry, title},
};
use crate::{Cx, Result};
use chrono::{DateTime, Datelike, Utc};
use domain::{AgentId, ConversationId, Invalid, conversation::MAX_KEY_CHARS};
use openclaw::transcript::{LegacyLogReader, TranscriptEntry};
use store::conversations::write::{self, NewMessage, Session};

/// A file with this many unreadable lines is taken to be something else. Up to then each one is reported.
const MAX_SKIPPED_LINES: usize = 100;

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many sessions it held.
    pub conversations: usize,
    /// How many messages are new.
    pub added: usize,
    /// How many were there already.
    pub existing: usize,
    /// What could not be read.
    pub skipped: Vec<Skipped>,
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it, as a sentence.
    pub why: String,
}

/// Imports what can be read of a file and reports what is wrong with the rest. Importing the same file again adds
/// nothing.
pub async fn import(cx: &Cx, agent: Option<AgentId>, file: &[u8]) -> Result<Imported> {
    let (sessions, skipped) = read(file, cx.services.clock.now());
    let is_empty = sessions.iter().all(|(_, messages)| messages.is_empty());
    if is_empty || skipped.len() >= MAX_SKIPPED_LINES {
        let first = skipped.first().map(|first| format!(" Line {}: {}", first.line, first.why));
        let detail = format!(
            "This is not a session log of OpenClaw (JSONL), or it has no messages.{}",
            first.unwrap_or_default()
        );
        return Err(Invalid::new("file", detail).into());
    }
    let mut imported = Imported { skipped, ..Imported::default() };
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    check_agent(&mut tx, agent).await?;
    for (key, messages) in sessions.iter().filter(|(_, messages)| !messages.is_empty()) {
        let title = title(messages);
        let session = Session { agent, title: &title, ..session(user, key) };
        let opened = write::open(&mut tx, ConversationId::new(cx.services.clock.now()), &session).await?;
        let added = archive::add(&cx.services, &mut tx, &session, opened, messages).await?;
        imported.conversations += 1;
        imported.added += added.added;
        imported.existing += added.existing;
    }
    tx.commit().await?;
    Ok(imported)
}

/// A session's id and its messages.
pub(super) type SessionLog = (String, Vec<NewMessage>);

/// The sessions of a file, each with its id, and the lines that could not be read.
pub(super) fn read(file: &[u8], now: DateTime<Utc>) -> (Vec<SessionLog>, Vec<Skipped>) {
    let (mut reader, mut sessions, mut skipped) =
        (LegacyLogReader::default(), Vec::<SessionLog>::new(), Vec::new());
    for (number, line) in file.split(|byte| *byte == b'\n').enumerate() {
        let line = String::from_utf8_lossy(line);
        if line.trim().is_empty() {
            continue;
        }
        let entries = match reader.read_line(&line) {
            Ok(entries) => entries,
            Err(why) => {
                skipped.push(Skipped { line: number + 1, why: format!("It {why}.") });
                if skipped.len() >= MAX_SKIPPED_LINES {
                    break;
                }
                continue;
            }
        };
        let Some(key) = reader.session() else { continue };
        let key: String = key.chars().filter(|c| !c.is_control()).take(MAX_KEY_CHARS).collect();
        if sessions.last().is_none_or(|(last, _)| *last != key) {
            sessions.push((key, Vec::new()));
        }
        if let Some((_, messages)) = sessions.last_mut() {
            messages.extend(entries.into_iter().map(|entry| message(entry, now)));
        }
    }
    (sessions, skipped)
}

fn message(entry: TranscriptEntry, now: DateTime<Utc>) -> NewMessage {
    // Postgres stores fewer years than chrono knows.
    let is_storable = |at: &DateTime<Utc>| (1970..=9999).contains(&at.year());
    let at = DateTime::from_timestamp_millis(entry.at_ms).filter(is_storable).unwrap_or(now);
    from_entry(entry, at, now)
}
