//! A finding as it is handed in, checked.

use crate::{Cx, Error, Result, knowledge::By};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{AgentId, ChatId, Invalid, TurnId, invalid};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use store::{Tx, agents, chats, turns};

/// The longest title, in characters.
const TITLE: usize = 200;
/// The longest content, in characters.
const CONTENT: usize = 20_000;
/// The most tags.
pub(super) const TAGS: usize = 10;
/// The longest tag, in characters: all tags together must fit into a row of the index.
const TAG: usize = 40;
/// The longest life, in seconds (ten years).
const LIFE: u32 = 315_360_000;

/// Where it comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Source {
    /// The chat.
    pub chat: Option<ChatId>,
    /// The turn.
    pub turn: Option<TurnId>,
    /// The agent.
    pub agent: Option<AgentId>,
}

/// A finding as it is handed in.
#[derive(Debug, Clone)]
pub struct Draft {
    /// A line.
    pub title: Option<String>,
    /// The text.
    pub content: String,
    /// To group and filter by.
    pub tags: Vec<String>,
    /// How long it is to be kept; `None` = for ever.
    pub ttl_seconds: Option<u32>,
    /// Where it comes from.
    pub source: Source,
    /// Who saves it.
    pub by: By,
}

pub(super) fn title(title: Option<&str>) -> std::result::Result<Option<String>, Invalid> {
    title
        .filter(|title| !title.trim().is_empty())
        .map(|title| invalid::line("title", title, TITLE))
        .transpose()
}

pub(super) fn content(content: &str) -> std::result::Result<String, Invalid> {
    let content = invalid::text("content", content.trim(), CONTENT)?;
    if content.is_empty() {
        return Err(Invalid::new("content", "Enter what was found."));
    }
    Ok(content)
}

/// Tags sorted, in lower case, each once.
pub(super) fn tags(tags: &[String]) -> std::result::Result<Vec<String>, Invalid> {
    if tags.len() > TAGS {
        return Err(Invalid::new("tags", format!("Use at most {TAGS} tags.")));
    }
    let tags: BTreeSet<String> = tags
        .iter()
        .map(|tag| invalid::line("tags", &tag.to_lowercase(), TAG))
        .collect::<std::result::Result<_, _>>()?;
    Ok(tags.into_iter().collect())
}

/// When something ends that is to be kept for so long.
pub(crate) fn end(
    ttl: Option<u32>,
    now: DateTime<Utc>,
) -> std::result::Result<Option<DateTime<Utc>>, Invalid> {
    match ttl {
        None => Ok(None),
        Some(seconds) if (1..=LIFE).contains(&seconds) => Ok(Some(now + TimeDelta::seconds(seconds.into()))),
        Some(_) => Err(Invalid::new("ttlSeconds", "Use 1 second to ten years (315360000), or leave it out.")),
    }
}

/// What makes two contents the same: the words, whatever their case and the space between them.
pub(super) fn hash(content: &str) -> Vec<u8> {
    let words: Vec<&str> = content.split_whitespace().collect();
    Sha256::digest(words.join(" ").to_lowercase()).to_vec()
}

impl Source {
    /// Refuses what is not the acting user's.
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

    /// The word for it.
    pub(super) const fn kind(&self, by: By) -> &'static str {
        match (by, self.chat) {
            (By::Agent, _) => "agent",
            (By::Person, Some(_)) => "chat",
            (By::Person, None) => "person",
        }
    }
}

impl Draft {
    /// The finding that it would be, if nothing says the same.
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
            expires_at: end(self.ttl_seconds, now)?,
            created_at: now,
            updated_at: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_space_make_no_other_content() {
        assert_eq!(hash("The  cat\nsat."), hash("the cat sat."));
        assert_ne!(hash("the cat sat"), hash("the cat sat."));
    }

    #[test]
    fn tags_are_sorted_and_each_is_there_once() {
        let typed = ["Zoo ", "ant", "ANT"].map(str::to_owned);
        assert_eq!(tags(&typed), Ok(vec!["ant".to_owned(), "zoo".to_owned()]));
        assert!(tags(&["x".repeat(41)]).is_err() && tags(&["a\nb".to_owned()]).is_err());
    }
}
