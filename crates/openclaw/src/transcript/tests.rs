#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use MessageRole::{Assistant, Tool, User};

fn read(log: &str) -> (LegacyLogReader, Vec<TranscriptEntry>) {
    let mut reader = LegacyLogReader::default();
    let entries = log.lines().flat_map(|line| reader.read_line(line).unwrap()).collect();
    (reader, entries)
}

#[test]
fn a_log_and_the_history_of_the_same_session_have_the_same_entries() {
    let (reader, log) = read(include_str!("../../tests/samples/session-tool.jsonl"));
    assert_eq!(reader.session(), Some("4594d514-1085-4f01-83f8-bfdbbb6828f3"));
    let roles: Vec<MessageRole> = log.iter().map(|entry| entry.role).collect();
    assert_eq!(roles, [User, Tool, Tool, Assistant, User, Tool, Tool, Assistant, User, Assistant]);
    let [call, result] = [&log[1], &log[2]];
    assert_eq!((call.tool.as_deref(), result.tool.as_deref()), (Some("exec"), Some("exec")));
    assert!(call.text.contains("echo tool-output-123") && result.text == "tool-output-123\nLinux");
    let page =
        crate::history::parse::parse_page(include_bytes!("../../tests/samples/http-history-tool.json"));
    let page = entries(&page.unwrap().items);
    assert_eq!(page.as_slice(), &log[7..], "the newest three");
}

#[test]
fn failures_are_not_kept_and_what_was_asked_is() {
    let (_, log) = read(include_str!("../../tests/samples/session-error.jsonl"));
    assert_eq!(log.iter().map(|entry| entry.text.as_str()).collect::<Vec<_>>(), ["FAIL400CTX"]);
    let (_, log) = read(include_str!("../../tests/samples/session-abort.jsonl"));
    assert_eq!(
        log.iter().map(|entry| entry.role).collect::<Vec<_>>(),
        [User, User, Assistant, User, Assistant]
    );
}

#[test]
fn a_bad_line_is_named_and_the_next_one_read() {
    let mut reader = LegacyLogReader::default();
    let message = r#"{"type":"message","timestamp":"2026-11-22T09:19:13.559Z","message":{"role":"user","content":"a\u0000b"}}"#;
    for (line, why) in [
        ("{", "is not JSON"),
        ("[]", "is no line of an OpenClaw session log"),
        (r#"{"type":"session"}"#, "names no session"),
        (message, "stands before the line that names its session"),
    ] {
        assert_eq!(reader.read_line(line), Err(why), "{line}");
    }
    assert_eq!(reader.read_line(r#"{"type":"session","id":"s"}"#), Ok(Vec::new()));
    for (line, why) in [
        (r#"{"type":"message","id":"x"}"#, "has no message"),
        (r#"{"type":"message","id":"x","message":{"role":"user"}}"#, "has no time"),
        (
            r#"{"type":"message","id":"x","message":{"role":7,"timestamp":1}}"#,
            "has a message of an unknown shape",
        ),
    ] {
        assert_eq!(reader.read_line(line), Err(why), "{line}");
    }
    // Without an id of its own it is known by its place.
    let entry = reader.read_line(message).unwrap().remove(0);
    assert_eq!(
        (entry.id.as_str(), entry.text.as_str(), entry.at_ms),
        ("message-4", "a\u{fffd}b", 1_795_339_153_559)
    );
}
