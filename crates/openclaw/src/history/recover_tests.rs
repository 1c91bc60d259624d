#![allow(clippy::unwrap_used)]
use super::*;
use crate::errors::Cause;
use serde_json::Value;

const AT: i64 = 1_795_351_422_465;

fn item(seq: u64, run: Option<&str>, part: Part) -> Item {
    let run = run.map(str::to_owned);
    Item { entry: format!("e{seq}"), index: 0, seq, at_ms: AT + i64::try_from(seq).unwrap(), run, part }
}

fn asked(seq: u64, text: &str) -> Item {
    item(seq, None, Part::User { author: Author::Person, text: text.into() })
}

fn resumed(seq: u64) -> Item {
    item(seq, None, Part::User { author: Author::Resumption, text: "[System] …".into() })
}

fn said(seq: u64, run: &str, text: &str) -> Item {
    item(seq, Some(run), Part::Text { text: text.into(), clipped: false })
}

fn called(seq: u64, run: &str) -> Item {
    item(seq, Some(run), Part::ToolCall { id: "c".into(), name: "exec".into(), arguments: Value::Null })
}

fn failed(seq: u64, run: &str) -> Item {
    item(seq, Some(run), Part::Failed(Cause::ServerError.into()))
}

fn sent(text: &str, run: Option<&str>) -> Sent {
    Sent { text: text.into(), at: DateTime::from_timestamp_millis(AT).unwrap(), run: run.map(str::to_owned) }
}

fn text(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Answered(answer) => Some(answer.text),
        _ => None,
    }
}

#[test]
fn by_the_run() {
    let items = [asked(1, "hi"), said(2, "r1", "one"), asked(3, "hi"), said(4, "r2", "two")];
    assert_eq!(text(outcome(&items, &sent("hi", Some("r1")))).unwrap(), "one");
    assert_eq!(text(outcome(&items, &sent("other", Some("r2")))).unwrap(), "two");
}

#[test]
fn by_the_newest_equal_text_that_is_not_too_old() {
    let items = [asked(1, "hi"), said(2, "r1", "one"), asked(3, "hi"), said(4, "r2", "two"), asked(5, "no")];
    assert_eq!(text(outcome(&items, &sent(" hi\n", None))).unwrap(), "two");
    assert_eq!(text(outcome(&items, &sent("hi", Some("not committed")))).unwrap(), "two");
    let much_later = Sent { at: DateTime::from_timestamp_millis(AT + 60_000).unwrap(), ..sent("hi", None) };
    assert_eq!(outcome(&items, &much_later), Outcome::Absent);
    let folded = [asked(1, "[Chat messages since your last reply]\nUser: a\n\nUser: hi"), said(2, "r", "x")];
    assert_eq!(text(outcome(&folded, &sent("hi", None))).unwrap(), "x");
}

#[test]
fn no_answer_yet() {
    assert_eq!(outcome(&[], &sent("hi", None)), Outcome::Absent);
    assert_eq!(outcome(&[asked(1, "hi")], &sent("hi", None)), Outcome::Unanswered);
    // The next question's answer is not this one's.
    let items = [asked(1, "hi"), asked(2, "no"), said(3, "r", "x")];
    assert_eq!(outcome(&items, &sent("hi", None)), Outcome::Unanswered);
    // In the middle of its tools.
    let items = [asked(1, "hi"), said(2, "r", "I shall"), called(3, "r")];
    assert_eq!(outcome(&items, &sent("hi", Some("r"))), Outcome::Unanswered);
}

#[test]
fn failures_and_resumptions() {
    let mut items = vec![asked(1, "hi"), failed(2, "r1")];
    assert_eq!(outcome(&items, &sent("hi", Some("r1"))), Outcome::Failed(Cause::ServerError.into()));
    items.push(resumed(3));
    assert_eq!(outcome(&items, &sent("hi", Some("r1"))), Outcome::Unanswered);
    items.extend([called(4, "r2"), said(5, "r2", "done after all")]);
    let Outcome::Answered(answer) = outcome(&items, &sent("hi", Some("r1"))) else { unreachable!() };
    assert_eq!((answer.text.as_str(), answer.tools.len()), ("done after all", 1));
}

#[test]
fn the_real_resumption() {
    let page =
        crate::history::parse::page(include_bytes!("../../tests/samples/http-history-resumed.json")).unwrap();
    let answer = text(outcome(&page.items, &sent("SLOW20", None))).unwrap();
    assert!(answer.starts_with("w0 w1 w2") && answer.ends_with("w79 "));
}

#[test]
fn all_texts_of_the_last_entry_are_the_answer() {
    let second = Item { index: 1, ..said(2, "r", "b") };
    let items = [asked(1, "hi"), said(2, "r", "a"), second];
    assert_eq!(text(outcome(&items, &sent("hi", None))).unwrap(), "a\nb");
}
