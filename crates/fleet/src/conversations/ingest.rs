//! Takes entries that a program sends.

use super::{
    archive::{self, Added, session},
    check_agent,
};
use crate::{Cx, Result};
use chrono::{DateTime, Utc};
use domain::{
    AgentId, ConversationId, Invalid, MessageId,
    conversation::{MAX_ENTRIES, MAX_KEY_CHARS, MAX_MESSAGE_CHARS, MAX_TITLE_CHARS, MessageRole},
    invalid,
};
use store::conversations::write::{self, NewMessage, Session};

/// A session, or a part of one.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id, chosen by the program: the same id again is the same session.
    pub id: String,
    /// The agent that spoke in it.
    pub agent: Option<AgentId>,
    /// A title.
    pub title: Option<String>,
    /// Its entries, oldest first.
    pub entries: Vec<NewEntry>,
}

/// An entry of a session.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Its id within the session: the same id again is the same entry.
    pub id: String,
    /// Who wrote it.
    pub role: MessageRole,
    /// Its text.
    pub text: String,
    /// When it was written; `None` = now.
    pub at: Option<DateTime<Utc>>,
    /// The tool that was called, or that answered.
    pub tool: Option<String>,
}

/// Archives the entries of a session. Those that are there already stay as they are.
pub async fn ingest(cx: &Cx, new: NewSession) -> Result<Added> {
    let key = invalid::line("sessionId", &new.id, MAX_KEY_CHARS)?;
    let title =
        new.title.as_deref().map(|title| invalid::line("title", title, MAX_TITLE_CHARS)).transpose()?;
    if new.entries.len() > MAX_ENTRIES {
        let detail = format!("Send at most {MAX_ENTRIES} entries at once (these are {}).", new.entries.len());
        return Err(Invalid::new("entries", detail).into());
    }
    let now = cx.services.clock.now();
    let messages = new.entries.into_iter().map(|entry| check(entry, now)).collect::<Result<Vec<_>>>()?;
    let mut tx = cx.begin().await?;
    check_agent(&mut tx, new.agent).await?;
    let title = title.unwrap_or_default();
    let session = Session { agent: new.agent, title: &title, ..session(cx.user()?, &key) };
    let opened = write::open(&mut tx, ConversationId::new(now), &session).await?;
    let added = archive::add(&cx.services, &mut tx, &session, opened, &messages).await?;
    tx.commit().await?;
    Ok(added)
}

fn check(entry: NewEntry, now: DateTime<Utc>) -> Result<NewMessage> {
    let text = invalid::text("entries.text", &entry.text, MAX_MESSAGE_CHARS)?;
    if text.trim().is_empty() {
        return Err(Invalid::new("entries.text", "Enter a text.").into());
    }
    Ok(NewMessage {
        id: MessageId::new(now),
        entry: invalid::line("entries.id", &entry.id, MAX_KEY_CHARS)?,
        role: entry.role,
        tool: entry.tool.map(|tool| invalid::line("entries.toolName", &tool, MAX_KEY_CHARS)).transpose()?,
        text,
        turn: None,
        at: entry.at.unwrap_or(now),
    })
}
