#![allow(clippy::unwrap_used)]
use super::*;
use crate::errors::Cause;
use serde_json::Value;

const AT: i64 = 1_795_351_422_465;

fn item(seq: u64, run: Option<&str>, part: HistoryPart) -> HistoryItem {
    let run = run.map(str::to_owned);
    HistoryItem {
        entry: format!("e{seq}"),
        index: 0,
        seq,
        at_ms: AT + i64::try_from(seq).unwrap(),
        run_id: run,
        part,
    }
}

fn asked(seq: u64, text: &str) -> HistoryItem {
    item(seq, None, HistoryPart::User { author: Author::Person, text: text.into() })
}

fn resumed(seq: u64) -> HistoryItem {
    item(seq, None, HistoryPart::User { author: Author::Resumption, text: "[System] …".into() })
}

fn said(seq: u64, run: &str, text: &str) -> HistoryItem {
    item(seq, Some(run), HistoryPart::Text { text: text.into(), truncated: false })
}

fn called(seq: u64, run: &str) -> HistoryItem {
    item(
        seq,
        Some(run),
        HistoryPart::ToolCall { id: "c".into(), name: "exec".into(), arguments: Value::Null },
    )
}

fn failed(seq: u64, run: &str) -> HistoryItem {
    item(seq, Some(run), HistoryPart::Failed(Cause::ServerError.into()))
}

fn sent(text: &str, run: Option<&str>) -> SentMessage {
    SentMessage {
        text: text.into(),
        sent_at: DateTime::from_timestamp_millis(AT).unwrap(),
        run_id: run.map(str::to_owned),
    }
}

fn text(outcome: MessageOutcome) -> Option<String> {
    match outcome {
        MessageOutcome::Answered(answer) => Some(answer.text),
        _ => None,
    }
}

#[test]
fn by_the_run() {
    let items = [asked(1, "hi"), said(2, "r1", "one"), asked(3, "hi"), said(4, "r2", "two")];
    assert_eq!(text(outcome_in(&items, &sent("hi", Some("r1")))).unwrap(), "one");
    assert_eq!(text(outcome_in(&items, &sent("other", Some("r2")))).unwrap(), "two");
}

#[test]
fn by_the_newest_equal_text_that_is_not_too_old() {
    let items = [asked(1, "hi"), said(2, "r1", "one"), asked(3, "hi"), said(4, "r2", "two"), asked(5, "no")];
    assert_eq!(text(outcome_in(&items, &sent(" hi\n", None))).unwrap(), "two");
    assert_eq!(text(outcome_in(&items, &sent("hi", Some("not committed")))).unwrap(), "two");
    let much_later =
        SentMessage { sent_at: DateTime::from_timestamp_millis(AT + 60_000).unwrap(), ..sent("hi", None) };
    assert_eq!(outcome_in(&items, &much_later), MessageOutcome::Absent);
    let folded = [asked(1, "[Chat messages since your last reply]\nUser: a\n\nUser: hi"), said(2, "r", "x")];
    assert_eq!(text(outcome_in(&folded, &sent("hi", None))).unwrap(), "x");
}

#[test]
fn no_answer_yet() {
    assert_eq!(outcome_in(&[], &sent("hi", None)), MessageOutcome::Absent);
    assert_eq!(outcome_in(&[asked(1, "hi")], &sent("hi", None)), MessageOutcome::Unanswered);
    // The next question's answer is not this one's.
    let items = [asked(1, "hi"), asked(2, "no"), said(3, "r", "x")];
    assert_eq!(outcome_in(&items, &sent("hi", None)), MessageOutcome::Unanswered);
    // In the middle of its tools.
    let items = [asked(1, "hi"), said(2, "r", "I shall"), called(3, "r")];
    assert_eq!(outcome_in(&items, &sent("hi", Some("r"))), MessageOutcome::Unanswered);
}

#[test]
fn failures_and_resumptions() {
    let mut items = vec![asked(1, "hi"), failed(2, "r1")];
    assert_eq!(
        outcome_in(&items, &sent("hi", Some("r1"))),
        MessageOutcome::Failed(Cause::ServerError.into())
    );
    items.push(resumed(3));
    assert_eq!(outcome_in(&items, &sent("hi", Some("r1"))), MessageOutcome::Unanswered);
    items.extend([called(4, "r2"), said(5, "r2", "done after all")]);
    let MessageOutcome::Answered(answer) = outcome_in(&items, &sent("hi", Some("r1"))) else {
        unreachable!()
    };
    assert_eq!((answer.text.as_str(), answer.tools.len()), ("done after all", 1));
}

#[test]
fn the_real_resumption() {
    let page =
        crate::history::parse::parse_page(include_bytes!("../../tests/samples/http-history-resumed.json"))
            .unwrap();
    let answer = text(outcome_in(&page.items, &sent("SLOW20", None))).unwrap();
    assert!(answer.starts_with("w0 w1 w2") && answer.ends_with("w79 "));
}

#[test]
fn all_texts_of_the_last_entry_are_the_answer() {
    let second = HistoryItem { index: 1, ..said(2, "r", "b") };
    let items = [asked(1, "hi"), said(2, "r", "a"), second];
    assert_eq!(text(outcome_in(&items, &sent("hi", None))).unwrap(), "a\nb");
}
