//! Session logs of older versions of OpenClaw, as files.

use super::{
    archive::{self, cut, session},
    check_agent,
};
use crate::{Cx, Result};
use chrono::{DateTime, Datelike, Utc};
use domain::{AgentId, ConversationId, Invalid, MessageId, conversation::MAX_KEY};
use openclaw::transcript::{Entry, Reader};
use store::conversations::write::{self, NewMessage, Session};

/// Lines that cannot be read are named up to this many; then the file is something else.
const MOST_SKIPPED: usize = 100;

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many sessions it held.
    pub conversations: usize,
    /// How many messages are new.
    pub added: usize,
    /// How many were there already.
    pub known: usize,
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

/// Takes in what can be read of a file, and says of the rest what is wrong with it. The same file again adds nothing.
pub async fn import(cx: &Cx, agent: Option<AgentId>, file: &[u8]) -> Result<Imported> {
    let (sessions, skipped) = read(file, cx.services.clock.now());
    let holds_nothing = sessions.iter().all(|(_, messages)| messages.is_empty());
    if holds_nothing || skipped.len() >= MOST_SKIPPED {
        let first = skipped.first().map(|first| format!(" Line {}: {}", first.line, first.why));
        let detail = format!(
            "This is no session log of OpenClaw (JSONL), or nothing was said in it.{}",
            first.unwrap_or_default()
        );
        return Err(Invalid::new("file", detail).into());
    }
    let mut done = Imported { skipped, ..Imported::default() };
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    check_agent(&mut tx, agent).await?;
    for (key, messages) in sessions.iter().filter(|(_, messages)| !messages.is_empty()) {
        let title = title(messages);
        let session = Session { agent, title: &title, ..session(user, key) };
        let opened = write::open(&mut tx, ConversationId::new(cx.services.clock.now()), &session).await?;
        let added = archive::add(&cx.services, &mut tx, &session, opened, messages).await?;
        done.conversations += 1;
        done.added += added.added;
        done.known += added.known;
    }
    tx.commit().await?;
    Ok(done)
}

/// A session's id and what was said in it.
pub(super) type Log = (String, Vec<NewMessage>);

/// The sessions of a file, each with its id, and the lines that could not be read.
pub(super) fn read(file: &[u8], now: DateTime<Utc>) -> (Vec<Log>, Vec<Skipped>) {
    let (mut reader, mut sessions, mut skipped) = (Reader::default(), Vec::<Log>::new(), Vec::new());
    for (number, line) in file.split(|byte| *byte == b'\n').enumerate() {
        let line = String::from_utf8_lossy(line);
        if line.trim().is_empty() {
            continue;
        }
        let read = reader.read(&line);
        let entries = match read {
            Ok(entries) => entries,
            Err(why) => {
                skipped.push(Skipped { line: number + 1, why: format!("It {why}.") });
                if skipped.len() >= MOST_SKIPPED {
                    break;
                }
                continue;
            }
        };
        let Some(key) = reader.session() else { continue };
        let key: String = key.chars().filter(|c| !c.is_control()).take(MAX_KEY).collect();
        if sessions.last().is_none_or(|(last, _)| *last != key) {
            sessions.push((key, Vec::new()));
        }
        if let Some((_, messages)) = sessions.last_mut() {
            messages.extend(entries.into_iter().map(|entry| message(entry, now)));
        }
    }
    (sessions, skipped)
}

fn message(entry: Entry, now: DateTime<Utc>) -> NewMessage {
    // Postgres knows fewer years than chrono.
    let known = |at: &DateTime<Utc>| (1970..=9999).contains(&at.year());
    NewMessage {
        id: MessageId::new(now),
        entry: entry.id,
        role: entry.role,
        tool: entry.tool,
        text: cut(entry.text),
        turn: None,
        at: DateTime::from_timestamp_millis(entry.at_ms).filter(known).unwrap_or(now),
    }
}

/// The first words of the first message.
pub(super) fn title(messages: &[NewMessage]) -> String {
    messages.first().map(|message| crate::turns::title(&message.text)).unwrap_or_default()
}
