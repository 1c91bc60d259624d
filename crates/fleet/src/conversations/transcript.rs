//! Which of a session's entries belong to which turn. Pure.

use super::archive::cut;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{MessageId, conversation::MessageRole, turn::TurnStatus};
use openclaw::transcript::Entry;
use serde_json::Value;
use store::conversations::{pending::Pending, write::NewMessage};

/// Host and container share a clock, more or less; a message is stamped after it was sent.
pub(super) const SKEW: TimeDelta = TimeDelta::seconds(5);

/// A turn, and what its session says about it; nothing when the session does not know it.
pub(super) struct Words<'a> {
    pub(super) turn: &'a Pending,
    entries: Vec<Entry>,
}

/// Deals a session's entries (oldest first) out to its turns (in the order of sending). What belongs to none of them
/// is another turn's that is in the archive already.
pub(super) fn by_turn(turns: &[Pending], said: Vec<Entry>) -> Vec<Words<'_>> {
    let mut words: Vec<Words<'_>> = turns.iter().map(|turn| Words { turn, entries: Vec::new() }).collect();
    let mut present = None;
    for entry in said {
        if entry.role == MessageRole::User {
            present = asked(&words, &entry);
        }
        if let Some(present) = present {
            words[present].entries.push(entry);
        }
    }
    words
}

/// The turn that asked this, and was not found before: of several the one that was sent nearest to it. The text is
/// the end of what was sent where earlier messages were folded in before it.
fn asked(words: &[Words<'_>], entry: &Entry) -> Option<usize> {
    let fits = |words: &Words<'_>| {
        words.entries.is_empty()
            && entry.text.trim_end().ends_with(words.turn.question.trim())
            && entry.at_ms >= (words.turn.sent_at - SKEW).timestamp_millis()
    };
    let distance = |words: &Words<'_>| entry.at_ms.abs_diff(words.turn.sent_at.timestamp_millis());
    let fitting = words.iter().enumerate().filter(|(_, words)| fits(words));
    fitting.min_by_key(|(_, words)| distance(words)).map(|(number, _)| number)
}

impl Words<'_> {
    /// Whether nothing more is to be expected: an answer that was given is written down.
    pub(super) fn is_whole(&self) -> bool {
        let due = self.turn.status() == TurnStatus::Done && !self.turn.answer.trim().is_empty();
        !due || self.has_answer()
    }

    fn has_answer(&self) -> bool {
        self.entries.last().is_some_and(|last| last.role == MessageRole::Assistant)
    }

    /// The messages to take in: the session's, and what only the turn knows.
    pub(super) fn messages(self, now: DateTime<Utc>) -> Vec<NewMessage> {
        let turn = self.turn;
        let answered = self.has_answer();
        let mut messages: Vec<NewMessage> = Vec::new();
        if self.entries.is_empty() {
            messages.push(known(turn, now, "question", MessageRole::User, &turn.question, turn.sent_at));
            messages.extend(tools(turn, now));
        }
        messages.extend(self.entries.into_iter().map(|entry| message(turn, now, entry)));
        if !answered && !turn.answer.trim().is_empty() {
            messages.push(known(turn, now, "answer", MessageRole::Assistant, &turn.answer, turn.finished_at));
        }
        messages
    }
}

fn message(turn: &Pending, now: DateTime<Utc>, entry: Entry) -> NewMessage {
    let text = match entry.role {
        // Without what was folded in before it.
        MessageRole::User => turn.question.clone(),
        MessageRole::Assistant if entry.clipped && turn.answer.starts_with(&entry.text) => {
            turn.answer.clone()
        }
        _ => entry.text,
    };
    NewMessage {
        id: MessageId::new(now),
        entry: entry.id,
        role: entry.role,
        tool: entry.tool,
        text: cut(text),
        turn: Some(turn.id),
        at: moment(entry.at_ms, turn.finished_at),
    }
}

/// A container's clock is not trusted to be one.
fn moment(at_ms: i64, otherwise: DateTime<Utc>) -> DateTime<Utc> {
    let near = |at: &DateTime<Utc>| (*at - otherwise).abs() < TimeDelta::days(1);
    DateTime::from_timestamp_millis(at_ms).filter(near).unwrap_or(otherwise)
}

fn known(
    turn: &Pending,
    now: DateTime<Utc>,
    what: &str,
    role: MessageRole,
    text: &str,
    at: DateTime<Utc>,
) -> NewMessage {
    NewMessage {
        id: MessageId::new(now),
        entry: format!("{}/{what}", turn.id),
        role,
        tool: None,
        text: cut(text.to_owned()),
        turn: Some(turn.id),
        at,
    }
}

/// The cards of a turn: a call and its result each.
fn tools(turn: &Pending, now: DateTime<Utc>) -> Vec<NewMessage> {
    let cards = turn.tools.as_array().map_or(&[][..], Vec::as_slice);
    let of = |(number, card): (usize, &Value)| {
        let name = card["name"].as_str().unwrap_or("tool").to_owned();
        let call = (format!("{number}/call"), card["arguments"].to_string());
        let result = card["result"].as_str().map(|text| (format!("{number}/result"), text.to_owned()));
        let said = [Some(call), result].into_iter().flatten().filter(|(_, text)| !text.trim().is_empty());
        said.map(|(what, text)| NewMessage {
            tool: Some(name.clone()),
            ..known(turn, now, &what, MessageRole::Tool, &text, turn.finished_at)
        })
        .collect::<Vec<_>>()
    };
    cards.iter().enumerate().flat_map(of).collect()
}

#[cfg(test)]
#[path = "transcript_tests.rs"]
mod tests;
