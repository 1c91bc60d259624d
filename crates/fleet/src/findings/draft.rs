//! A finding as it is handed in, and the checks on it.

use crate::{Cx, Error, Result, knowledge::SavedBy};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{AgentId, ChatId, Invalid, TurnId, invalid};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use store::{Tx, agents, chats, turns};

const MAX_TITLE_CHARS: usize = 200;
const MAX_CONTENT_CHARS: usize = 20_000;
pub(super) const MAX_TAGS: usize = 10;
/// All tags together must fit into a row of the index.
const MAX_TAG_CHARS: usize = 40;
/// Ten years.
const MAX_TTL_SECONDS: u32 = 315_360_000;

/// Where a finding comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct FindingSource {
    /// The chat.
    pub chat: Option<ChatId>,
    /// The turn.
    pub turn: Option<TurnId>,
    /// The agent.
    pub agent: Option<AgentId>,
}

/// A finding as it is handed in.
#[derive(Debug, Clone)]
pub struct FindingDraft {
    /// One line.
    pub title: Option<String>,
    /// The text.
    pub content: String,
    /// Words to group and filter by.
    pub tags: Vec<String>,
    /// How long it is kept; `None` = for ever.
    pub ttl_seconds: Option<u32>,
    /// Where it comes from.
    pub source: FindingSource,
    /// Who saves it.
    pub by: SavedBy,
}

pub(super) fn title(title: Option<&str>) -> std::result::Result<Option<String>, Invalid> {
    title
        .filter(|title| !title.trim().is_empty())
        .map(|title| invalid::line("title", title, MAX_TITLE_CHARS))
        .transpose()
}

pub(super) fn content(content: &str) -> std::result::Result<String, Invalid> {
    let content = invalid::text("content", content.trim(), MAX_CONTENT_CHARS)?;
    if content.is_empty() {
        return Err(Invalid::new("content", "Enter a text."));
    }
    Ok(content)
}

/// The tags in lower case, sorted, each once.
pub(super) fn tags(tags: &[String]) -> std::result::Result<Vec<String>, Invalid> {
    if tags.len() > MAX_TAGS {
        return Err(Invalid::new("tags", format!("Use at most {MAX_TAGS} tags.")));
    }
    let tags: BTreeSet<String> = tags
        .iter()
        .map(|tag| invalid::line("tags", &tag.to_lowercase(), MAX_TAG_CHARS))
        .collect::<std::result::Result<_, _>>()?;
    Ok(tags.into_iter().collect())
}

/// When something expires that is kept for `ttl` seconds.
pub(crate) fn expiry(
    ttl: Option<u32>,
    now: DateTime<Utc>,
) -> std::result::Result<Option<DateTime<Utc>>, Invalid> {
    match ttl {
        None => Ok(None),
        Some(seconds) if (1..=MAX_TTL_SECONDS).contains(&seconds) => {
            Ok(Some(now + TimeDelta::seconds(seconds.into())))
        }
        Some(_) => Err(Invalid::new("ttlSeconds", "Use 1 second to ten years (315360000), or leave it out.")),
    }
}

/// A hash that is the same for two contents with the same words, whatever their case and the space between them.
pub(super) fn hash(content: &str) -> Vec<u8> {
    let words: Vec<&str> = content.split_whitespace().collect();
    Sha256::digest(words.join(" ").to_lowercase()).to_vec()
}

impl FindingSource {
    /// Fails if something of it is not the acting user's.
    pub(super) async fn check(&self, tx: &mut Tx) -> Result<()> {
        if let Some(agent) = self.agent {
            agents::get(tx, agent).await?.ok_or(Error::NotFound("agent"))?;
        }
        if let Some(chat) = self.chat {
            chats::get(tx, chat).await?.ok_or(Error::NotFound("chat"))?;
        }
        if let Some(turn) = self.turn {
            turns::get(tx, turn).await?.ok_or(Error::NotFound("turn"))?;
        }
        Ok(())
    }

    /// How it is stored.
    pub(super) const fn kind(&self, by: SavedBy) -> &'static str {
        match (by, self.chat) {
            (SavedBy::Agent, _) => "agent",
            (SavedBy::Person, Some(_)) => "chat",
            (SavedBy::Person, None) => "person",
        }
    }
}

impl FindingDraft {
    /// Checks the fields and makes a new finding of them.
    pub(super) fn check(&self, cx: &Cx) -> Result<super::Finding> {
        let now = cx.services.clock.now();
        Ok(super::Finding {
            id: domain::FindingId::new(now),
            title: title(self.title.as_deref())?,
            content: content(&self.content)?,
            tags: tags(&self.tags)?,
            source: self.source.kind(self.by).to_owned(),
            chat_id: self.source.chat.map(ChatId::uuid),
            turn_id: self.source.turn.map(TurnId::uuid),
            agent_id: self.source.agent.map(AgentId::uuid),
            expires_at: expiry(self.ttl_seconds, now)?,
            created_at: now,
            updated_at: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_space_do_not_change_the_hash() {
        assert_eq!(hash("The  cat\nsat."), hash("the cat sat."));
        assert_ne!(hash("the cat sat"), hash("the cat sat."));
    }

    #[test]
    fn tags_are_sorted_and_unique() {
        let typed = ["Zoo ", "ant", "ANT"].map(str::to_owned);
        assert_eq!(tags(&typed), Ok(vec!["ant".to_owned(), "zoo".to_owned()]));
        assert!(tags(&["x".repeat(41)]).is_err() && tags(&["a\nb".to_owned()]).is_err());
    }
}
