//! What all ways into the archive share: messages from the entries of a session, and how much of a session is read.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{MessageId, conversation::MAX_MESSAGE_CHARS};
use openclaw::transcript::TranscriptEntry;
use store::conversations::write::NewMessage;

/// Entries on one page of a session's history.
pub(super) const HISTORY_PAGE_SIZE: u16 = 100;
/// Pages of one session's history that are read at most.
pub(super) const MAX_HISTORY_PAGES: usize = 20;
/// Characters of a title that is made from a text.
const MAX_DERIVED_TITLE_CHARS: usize = 60;

/// The message that an entry becomes. It gets an id of the time `now` and belongs to no turn.
pub(super) fn from_entry(entry: TranscriptEntry, at: DateTime<Utc>, now: DateTime<Utc>) -> NewMessage {
    NewMessage {
        id: MessageId::new(now),
        entry: entry.id,
        role: entry.role,
        tool: entry.tool,
        text: truncate(entry.text),
        turn: None,
        at,
    }
}

/// The time that a container reports, in milliseconds. A container's clock is not trusted: a time that is not within
/// `tolerance` of `expected` is replaced by it.
pub(super) fn clamp_timestamp(ms: i64, expected: DateTime<Utc>, tolerance: TimeDelta) -> DateTime<Utc> {
    let is_near = |at: &DateTime<Utc>| (*at - expected).abs() < tolerance;
    DateTime::from_timestamp_millis(ms).filter(is_near).unwrap_or(expected)
}

/// The text as it is kept: at most [`MAX_MESSAGE_CHARS`] characters of it.
pub(super) fn truncate(text: String) -> String {
    match text.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A title for a session that has none: the beginning of its first message.
pub(super) fn title(messages: &[NewMessage]) -> String {
    messages.first().map(|message| title_of(&message.text)).unwrap_or_default()
}

/// The beginning of a text, as a title for a chat or session that has none.
pub(crate) fn title_of(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let mut title: String = line.chars().filter(|c| !c.is_control()).take(MAX_DERIVED_TITLE_CHARS).collect();
    if line.chars().count() > MAX_DERIVED_TITLE_CHARS {
        title.push('…');
    }
    title
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_time_far_from_the_expected_one_is_not_taken() {
        let expected = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let clamped = |ms: i64| clamp_timestamp(ms, expected, TimeDelta::days(1)).timestamp_millis();
        assert_eq!(clamped(1_795_000_001_234), 1_795_000_001_234);
        for far in [0, i64::MIN, i64::MAX, 1_795_000_000_000 + 86_400_000] {
            assert_eq!(clamped(far), 1_795_000_000_000);
        }
    }
}
