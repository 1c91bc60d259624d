//! What became of a message whose stream was lost.
//!
//! Owns how a message is recognised again. OpenClaw takes no idempotency key of ours, so it is the run's
//! id where the stream got as far as saying it, and otherwise the newest message with the same text that
//! is not older than the sending.

use super::{
    Page,
    item::{Author, Item, Part},
};
use crate::{errors::UpstreamError, gateway::Gateway, session_key::SessionKey};
use chrono::{DateTime, Duration, Utc};
use domain::Slug;

/// Entries a page, and pages read at most: a run of more than 400 entries is not searched further.
const PAGE: u16 = 100;
const PAGES: usize = 4;

/// Host and container share a clock; a message is stamped after it was sent.
const SKEW: Duration = Duration::seconds(5);

/// What is known of a message that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The text as sent.
    pub text: String,
    /// When it was sent.
    pub at: DateTime<Utc>,
    /// The run, when the stream named one.
    pub run: Option<String>,
}

/// A committed answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its text.
    pub text: String,
    /// Whether only the first 8,000 characters are known.
    pub clipped: bool,
    /// The tools that were used on the way: calls and results.
    pub tools: Vec<Item>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was answered.
    Answered(Answer),
    /// It failed.
    Failed(UpstreamError),
    /// It is there, without an answer: aborted, or still being answered. After a restart of the
    /// container OpenClaw goes on with it by itself some ten seconds after it is ready.
    Unanswered,
    /// It never arrived, or was aborted and overwritten by a later one.
    Absent,
}

impl Gateway {
    /// Looks up what became of `sent`.
    ///
    /// # Errors
    /// [`UpstreamError`] when the history cannot be read now.
    pub async fn recover(
        &self,
        agent: &Slug,
        session: SessionKey,
        sent: &Sent,
    ) -> Result<Outcome, UpstreamError> {
        let mut items = Vec::new();
        let mut before = None;
        for _ in 0..PAGES {
            let Some(Page { items: mut older, older: next }) =
                self.history(agent, session, PAGE, before).await?
            else {
                return Ok(Outcome::Absent);
            };
            older.append(&mut items);
            items = older;
            let found = outcome(&items, sent);
            if found != Outcome::Absent || next.is_none() {
                return Ok(found);
            }
            before = next;
        }
        Ok(Outcome::Absent)
    }
}

/// The same, over items that were read already (oldest first).
pub fn outcome(items: &[Item], sent: &Sent) -> Outcome {
    let Some(question) = question(items, sent) else { return Outcome::Absent };
    let later = &items[question + 1..];
    let end = later.iter().position(is_question).unwrap_or(later.len());
    let turn = &later[..end];
    // Only what comes last counts: after a tool or a resumption the run went on.
    let last = turn.iter().rev().find(|item| !matches!(item.part, Part::Commentary(_)));
    match last.map(|item| (item, &item.part)) {
        Some((last, Part::Text { .. })) => Outcome::Answered(answer(turn, last)),
        Some((_, Part::Failed(error))) => Outcome::Failed(error.clone()),
        _ => Outcome::Unanswered,
    }
}

fn answer(turn: &[Item], last: &Item) -> Answer {
    let mut answer = Answer { text: String::new(), clipped: false, tools: Vec::new() };
    for item in turn {
        match &item.part {
            Part::Text { text, clipped } if item.entry == last.entry => {
                answer.text.push_str(if answer.text.is_empty() { "" } else { "\n" });
                answer.text.push_str(text);
                answer.clipped |= clipped;
            }
            Part::ToolCall { .. } | Part::ToolResult { .. } => answer.tools.push(item.clone()),
            _ => {}
        }
    }
    answer
}

fn is_question(item: &Item) -> bool {
    matches!(item.part, Part::User { author: Author::Person, .. })
}

fn question(items: &[Item], sent: &Sent) -> Option<usize> {
    let of_run =
        sent.run.as_ref().and_then(|run| items.iter().position(|item| item.run.as_ref() == Some(run)));
    if let Some(first) = of_run {
        return items[..first].iter().rposition(is_question);
    }
    // The text is the end of what was sent when earlier messages were folded in before it.
    let wanted = sent.text.trim();
    let not_before = (sent.at - SKEW).timestamp_millis();
    items.iter().rposition(|item| match &item.part {
        Part::User { author: Author::Person, text } => text.ends_with(wanted) && item.at_ms >= not_before,
        _ => false,
    })
}

#[cfg(test)]
#[path = "recover_tests.rs"]
mod tests;
