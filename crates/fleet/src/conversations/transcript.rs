//! Which of a session's entries belong to which turn. Pure.

use super::message::{clamp_timestamp, from_entry, truncate};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{MessageId, conversation::MessageRole, turn::TurnStatus};
use openclaw::transcript::TranscriptEntry;
use serde_json::Value;
use store::conversations::{pending::Pending, write::NewMessage};

/// How far the clocks of host and container may differ. They are about the same; an entry is stamped after it was sent.
pub(super) const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::seconds(5);
/// An entry's time may be this far from the end of its turn.
const ENTRY_TIME_TOLERANCE: TimeDelta = TimeDelta::days(1);

/// A turn and its session's entries about it; none if the session does not know the turn.
pub(super) struct TurnEntries<'a> {
    pub(super) turn: &'a Pending,
    entries: Vec<TranscriptEntry>,
}

/// Assigns a session's entries (oldest first) to its turns (in the order of sending). An entry that belongs to none of
/// them is part of another turn, which is archived already.
pub(super) fn assign_to_turns(turns: &[Pending], entries: Vec<TranscriptEntry>) -> Vec<TurnEntries<'_>> {
    let mut assigned: Vec<TurnEntries<'_>> =
        turns.iter().map(|turn| TurnEntries { turn, entries: Vec::new() }).collect();
    let mut current = None;
    for entry in entries {
        if entry.role == MessageRole::User {
            current = turn_of_question(&assigned, &entry);
        }
        if let Some(current) = current {
            assigned[current].entries.push(entry);
        }
    }
    assigned
}

/// The turn that asked this question and has no entries yet. Of several it is the one that was sent at the nearest time.
/// The entry ends with the question; before it OpenClaw may have folded in earlier messages.
fn turn_of_question(assigned: &[TurnEntries<'_>], entry: &TranscriptEntry) -> Option<usize> {
    let fits = |candidate: &TurnEntries<'_>| {
        candidate.entries.is_empty()
            && entry.text.trim_end().ends_with(candidate.turn.question.trim())
            && entry.at_ms >= (candidate.turn.sent_at - MAX_CLOCK_SKEW).timestamp_millis()
    };
    let distance =
        |candidate: &TurnEntries<'_>| entry.at_ms.abs_diff(candidate.turn.sent_at.timestamp_millis());
    let fitting = assigned.iter().enumerate().filter(|(_, candidate)| fits(candidate));
    fitting.min_by_key(|(_, candidate)| distance(candidate)).map(|(index, _)| index)
}

impl TurnEntries<'_> {
    /// Whether no more entries are to be expected: an answer that was given is recorded.
    pub(super) fn is_complete(&self) -> bool {
        let expects_answer = self.turn.status == TurnStatus::Done && !self.turn.answer.trim().is_empty();
        !expects_answer || self.has_answer()
    }

    fn has_answer(&self) -> bool {
        self.entries.last().is_some_and(|last| last.role == MessageRole::Assistant)
    }

    /// The messages to archive: the session's entries, completed with what only the turn knows.
    pub(super) fn into_messages(self, now: DateTime<Utc>) -> Vec<NewMessage> {
        let turn = self.turn;
        let has_answer = self.has_answer();
        let mut messages: Vec<NewMessage> = Vec::new();
        if self.entries.is_empty() {
            messages.push(from_turn(turn, now, "question", MessageRole::User, &turn.question, turn.sent_at));
            messages.extend(from_tool_cards(turn, now));
        }
        messages.extend(self.entries.into_iter().map(|entry| message(turn, now, entry)));
        if !has_answer && !turn.answer.trim().is_empty() {
            let role = MessageRole::Assistant;
            messages.push(from_turn(turn, now, "answer", role, &turn.answer, turn.finished_at));
        }
        messages
    }
}

fn message(turn: &Pending, now: DateTime<Utc>, entry: TranscriptEntry) -> NewMessage {
    let text = match entry.role {
        // Without what OpenClaw folded in before it.
        MessageRole::User => turn.question.clone(),
        MessageRole::Assistant if entry.truncated && turn.answer.starts_with(&entry.text) => {
            turn.answer.clone()
        }
        _ => entry.text,
    };
    let at = clamp_timestamp(entry.at_ms, turn.finished_at, ENTRY_TIME_TOLERANCE);
    NewMessage { turn: Some(turn.id), ..from_entry(TranscriptEntry { text, ..entry }, at, now) }
}

/// A message that Mosaic itself knows. `part` names it within the turn, so that it is stored once.
fn from_turn(
    turn: &Pending,
    now: DateTime<Utc>,
    part: &str,
    role: MessageRole,
    text: &str,
    at: DateTime<Utc>,
) -> NewMessage {
    NewMessage {
        id: MessageId::new(now),
        entry: format!("{}/{part}", turn.id),
        role,
        tool: None,
        text: truncate(text.to_owned()),
        turn: Some(turn.id),
        at,
    }
}

/// The tool cards of a turn: a message for each call and one for each result.
fn from_tool_cards(turn: &Pending, now: DateTime<Utc>) -> Vec<NewMessage> {
    let cards = turn.tools.as_array().map_or(&[][..], Vec::as_slice);
    let messages = |(number, card): (usize, &Value)| {
        let name = card["name"].as_str().unwrap_or("tool").to_owned();
        let call = (format!("{number}/call"), card["arguments"].to_string());
        let result = card["result"].as_str().map(|text| (format!("{number}/result"), text.to_owned()));
        let parts = [Some(call), result].into_iter().flatten().filter(|(_, text)| !text.trim().is_empty());
        parts
            .map(|(part, text)| NewMessage {
                tool: Some(name.clone()),
                ..from_turn(turn, now, &part, MessageRole::Tool, &text, turn.finished_at)
            })
            .collect::<Vec<_>>()
    };
    cards.iter().enumerate().flat_map(messages).collect()
}

#[cfg(test)]
#[path = "transcript_tests.rs"]
mod tests;
