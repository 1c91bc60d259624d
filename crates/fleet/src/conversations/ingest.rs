//! Entries that a program brings by itself.

use super::{
    archive::{self, Added, session},
    check_agent,
};
use crate::{Cx, Result};
use chrono::{DateTime, Utc};
use domain::{
    AgentId, ConversationId, Invalid, MessageId,
    conversation::{MAX_ENTRIES, MAX_KEY, MAX_MESSAGE, MAX_TITLE, MessageRole},
    invalid,
};
use store::conversations::write::{self, NewMessage, Session};

/// (A part of) a session.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id, of the program's choice: the same id again is the same session.
    pub id: String,
    /// The agent that spoke in it.
    pub agent: Option<AgentId>,
    /// A title.
    pub title: Option<String>,
    /// What was said, the oldest first.
    pub entries: Vec<NewEntry>,
}

/// Something that was said.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Its id within the session: the same id again is the same entry.
    pub id: String,
    /// Whose words.
    pub role: MessageRole,
    /// The words.
    pub text: String,
    /// When; `None` = now.
    pub at: Option<DateTime<Utc>>,
    /// The tool that was called, or answered.
    pub tool: Option<String>,
}

/// Takes a session in; entries that are there already stay as they are.
pub async fn ingest(cx: &Cx, new: NewSession) -> Result<Added> {
    let key = invalid::line("sessionId", &new.id, MAX_KEY)?;
    let title = new.title.as_deref().map(|title| invalid::line("title", title, MAX_TITLE)).transpose()?;
    if new.entries.len() > MAX_ENTRIES {
        let most = format!("Send at most {MAX_ENTRIES} entries at once (these are {}).", new.entries.len());
        return Err(Invalid::new("entries", most).into());
    }
    let now = cx.services.clock.now();
    let messages = new.entries.into_iter().map(|entry| checked(entry, now)).collect::<Result<Vec<_>>>()?;
    let mut tx = cx.begin().await?;
    check_agent(&mut tx, new.agent).await?;
    let title = title.unwrap_or_default();
    let session = Session { agent: new.agent, title: &title, ..session(cx.user()?, &key) };
    let opened = write::open(&mut tx, ConversationId::new(now), &session).await?;
    let added = archive::add(&cx.services, &mut tx, &session, opened, &messages).await?;
    tx.commit().await?;
    Ok(added)
}

fn checked(entry: NewEntry, now: DateTime<Utc>) -> Result<NewMessage> {
    let text = invalid::text("entries.text", &entry.text, MAX_MESSAGE)?;
    if text.trim().is_empty() {
        return Err(Invalid::new("entries.text", "Write what was said.").into());
    }
    Ok(NewMessage {
        id: MessageId::new(now),
        entry: invalid::line("entries.id", &entry.id, MAX_KEY)?,
        role: entry.role,
        tool: entry.tool.map(|tool| invalid::line("entries.toolName", &tool, MAX_KEY)).transpose()?,
        text,
        turn: None,
        at: entry.at.unwrap_or(now),
    })
}
