//! The outcome of a message whose stream was lost.
//!
//! Owns how a message is recognised. OpenClaw accepts no idempotency key from Mosaic. So a message is recognised by its
//! run's id if the stream had named it, and otherwise as the newest message with the same text that is not older than
//! the time of sending.

use super::{
    HistoryPage,
    item::{Author, HistoryItem, HistoryPart},
};
use crate::{errors::UpstreamError, gateway::Gateway, session_key::SessionKey};
use chrono::{DateTime, Duration, Utc};
use domain::Slug;

const PAGE_SIZE: u16 = 100;
/// A run of more entries than these pages hold is not searched any further.
const MAX_PAGES: usize = 4;

/// Host and container share a clock, and a message is stamped after it was sent.
const MAX_CLOCK_SKEW: Duration = Duration::seconds(5);

/// What is known of a message that was sent.
#[derive(Debug, Clone)]
pub struct SentMessage {
    /// The text as it was sent.
    pub text: String,
    #[allow(missing_docs)]
    pub sent_at: DateTime<Utc>,
    /// The run, if the stream named it.
    pub run_id: Option<String>,
}

/// A committed answer.
#[derive(Debug, Clone, PartialEq)]
pub struct RecoveredAnswer {
    #[allow(missing_docs)]
    pub text: String,
    /// Whether the text is only the first 8,000 characters.
    pub truncated: bool,
    /// The calls and results of the tools that were used for it.
    pub tools: Vec<HistoryItem>,
}

/// What the history tells about a message.
#[derive(Debug, Clone, PartialEq)]
pub enum MessageOutcome {
    /// It was answered.
    Answered(RecoveredAnswer),
    /// Its run failed.
    Failed(UpstreamError),
    /// It has no answer: the run was aborted or is still active. After a restart of the container OpenClaw continues
    /// the run by itself, some ten seconds after it is ready.
    Unanswered,
    /// It never arrived, or it was aborted and a later message took its place.
    Absent,
}

impl Gateway {
    /// Finds the outcome of `sent` in the session's history.
    ///
    /// # Errors
    /// [`UpstreamError`] if the history cannot be read now.
    pub async fn find_outcome(
        &self,
        agent: &Slug,
        session: SessionKey,
        sent: &SentMessage,
    ) -> Result<MessageOutcome, UpstreamError> {
        let mut items = Vec::new();
        let mut before = None;
        for _ in 0..MAX_PAGES {
            let Some(HistoryPage { items: mut older_items, older }) =
                self.read_history(agent, session, PAGE_SIZE, before).await?
            else {
                return Ok(MessageOutcome::Absent);
            };
            older_items.append(&mut items);
            items = older_items;
            let outcome = outcome_in(&items, sent);
            if outcome != MessageOutcome::Absent || older.is_none() {
                return Ok(outcome);
            }
            before = older;
        }
        Ok(MessageOutcome::Absent)
    }
}

/// The outcome by these items, which are ordered from the oldest.
fn outcome_in(items: &[HistoryItem], sent: &SentMessage) -> MessageOutcome {
    let Some(question) = find_question(items, sent) else { return MessageOutcome::Absent };
    let later = &items[question + 1..];
    let end = later.iter().position(is_question).unwrap_or(later.len());
    let turn = &later[..end];
    // The last item decides: the run went on after a tool call or a resumption.
    let last = turn.iter().rev().find(|item| !matches!(item.part, HistoryPart::Commentary(_)));
    match last.map(|item| (item, &item.part)) {
        Some((last, HistoryPart::Text { .. })) => MessageOutcome::Answered(answer_of(turn, last)),
        Some((_, HistoryPart::Failed(error))) => MessageOutcome::Failed(error.clone()),
        _ => MessageOutcome::Unanswered,
    }
}

fn answer_of(turn: &[HistoryItem], last: &HistoryItem) -> RecoveredAnswer {
    let mut answer = RecoveredAnswer { text: String::new(), truncated: false, tools: Vec::new() };
    for item in turn {
        match &item.part {
            HistoryPart::Text { text, truncated } if item.entry == last.entry => {
                answer.text.push_str(if answer.text.is_empty() { "" } else { "\n" });
                answer.text.push_str(text);
                answer.truncated |= truncated;
            }
            HistoryPart::ToolCall { .. } | HistoryPart::ToolResult { .. } => answer.tools.push(item.clone()),
            _ => {}
        }
    }
    answer
}

fn is_question(item: &HistoryItem) -> bool {
    matches!(item.part, HistoryPart::User { author: Author::Person, .. })
}

fn find_question(items: &[HistoryItem], sent: &SentMessage) -> Option<usize> {
    let first_of_run = sent
        .run_id
        .as_ref()
        .and_then(|run_id| items.iter().position(|item| item.run_id.as_ref() == Some(run_id)));
    if let Some(first) = first_of_run {
        return items[..first].iter().rposition(is_question);
    }
    // If OpenClaw folded earlier messages in, they stand before the text.
    let sent_text = sent.text.trim();
    let earliest_ms = (sent.sent_at - MAX_CLOCK_SKEW).timestamp_millis();
    items.iter().rposition(|item| match &item.part {
        HistoryPart::User { author: Author::Person, text } => {
            text.ends_with(sent_text) && item.at_ms >= earliest_ms
        }
        _ => false,
    })
}

#[cfg(test)]
#[path = "recover_tests.rs"]
mod tests;
