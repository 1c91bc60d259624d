//! Entries of real OpenClaw sessions, assigned to turns.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]
use super::*;
use MessageRole::{Assistant, Tool, User};
use domain::{ChatId, TurnId};
use openclaw::transcript::LegacyLogReader;
use serde_json::json;

const TOOL: &str = include_str!("../../../openclaw/tests/samples/session-tool.jsonl");
const ABORT: &str = include_str!("../../../openclaw/tests/samples/session-abort.jsonl");
const ERROR: &str = include_str!("../../../openclaw/tests/samples/session-error.jsonl");

fn entries_of(log: &str) -> Vec<TranscriptEntry> {
    let mut reader = LegacyLogReader::default();
    log.lines().flat_map(|line| reader.read_line(line).unwrap()).collect()
}

/// A turn that was sent a moment before its question was recorded.
fn turn(question: &str, asked_ms: i64, answer: &str, status: TurnStatus) -> Pending {
    let now = Utc::now();
    Pending {
        id: TurnId::new(now),
        chat_id: ChatId::new(now),
        branch: 0,
        agent_id: None,
        slug: Some("ada".to_owned()),
        question: question.to_owned(),
        answer: answer.to_owned(),
        tools: json!([]),
        status,
        sent_at: DateTime::from_timestamp_millis(asked_ms - 200).unwrap(),
        finished_at: DateTime::from_timestamp_millis(asked_ms + 900).unwrap(),
    }
}

fn roles(messages: &[NewMessage]) -> Vec<MessageRole> {
    messages.iter().map(|message| message.role).collect()
}

#[test]
fn each_turn_of_a_real_session_gets_its_own_entries() {
    let ask = r#"please run TOOL:exec:{"command":"echo tool-output-123; uname -s"}"#;
    let turns = [
        turn(ask, 1_795_339_153_420, "The tool said: tool-output-123\nLinux", TurnStatus::Done),
        turn(r#"TOOL:read:{"path":"AGENTS.md"}"#, 1_795_339_154_120, "The tool said: …", TurnStatus::Done),
        turn("thanks, a third turn", 1_795_339_154_549, "echo: thanks, a third turn", TurnStatus::Done),
    ];
    let assigned = assign_to_turns(&turns, entries_of(TOOL));
    assert!(assigned.iter().all(TurnEntries::is_complete));
    let messages: Vec<Vec<NewMessage>> =
        assigned.into_iter().map(|entries| entries.into_messages(Utc::now())).collect();
    assert_eq!(roles(&messages[0]), [User, Tool, Tool, Assistant]);
    assert_eq!(roles(&messages[1]), [User, Tool, Tool, Assistant]);
    assert_eq!(roles(&messages[2]), [User, Assistant]);
    assert_eq!(messages[0][1].tool.as_deref(), Some("exec"));
    assert_eq!(messages[0][2].text, "tool-output-123\nLinux");
    assert_eq!(messages[0][0].at.timestamp_millis(), 1_795_339_153_420, "by the container's clock");
    for (turn, messages) in turns.iter().zip(&messages) {
        assert!(messages.iter().all(|message| message.turn == Some(turn.id)));
    }
    // Only the last turn is left to archive: the entries of the others are not assigned to it.
    let alone = assign_to_turns(&turns[2..], entries_of(TOOL));
    assert_eq!(alone[0].entries.iter().map(|entry| entry.role).collect::<Vec<_>>(), [User, Assistant]);
}

#[test]
fn an_answer_that_is_not_recorded_yet_is_waited_for_and_then_filled_in() {
    let asked = turn("thanks, a third turn", 1_795_339_154_549, "echo: thanks", TurnStatus::Done);
    let turns = [asked];
    let mut until_then = entries_of(TOOL);
    until_then.pop();
    let assigned = assign_to_turns(&turns, until_then).remove(0);
    assert!(!assigned.is_complete());
    let messages = assigned.into_messages(Utc::now());
    assert_eq!(roles(&messages), [User, Assistant]);
    assert_eq!(messages[1].text, "echo: thanks");
    assert_eq!(messages[1].entry, format!("{}/answer", turns[0].id));
    // A turn that the agent's history does not know at all gets what Mosaic knows of it.
    let mut unknown = turn("Where was I?", 1_795_339_154_549, "Here.", TurnStatus::Done);
    unknown.tools = json!([{ "name": "exec", "arguments": { "command": "pwd" }, "result": "/data" }]);
    let turns = [unknown];
    let messages = assign_to_turns(&turns, entries_of(TOOL)).remove(0).into_messages(Utc::now());
    assert_eq!(roles(&messages), [User, Tool, Tool, Assistant]);
    assert_eq!((messages[0].text.as_str(), messages[2].text.as_str()), ("Where was I?", "/data"));
}

#[test]
fn a_stopped_and_a_failed_turn_are_complete_without_an_answer() {
    // The stopped one left only its question in the history, the next one its answer too.
    let turns = [
        turn("SLOW60", 1_795_339_198_310, "w0 w1", TurnStatus::Stopped),
        turn("/stop", 1_795_339_202_543, "w0 w1 w2", TurnStatus::Done),
    ];
    let assigned = assign_to_turns(&turns, entries_of(ABORT));
    assert!(assigned.iter().all(TurnEntries::is_complete));
    let messages: Vec<Vec<NewMessage>> =
        assigned.into_iter().map(|entries| entries.into_messages(Utc::now())).collect();
    assert_eq!(roles(&messages[0]), [User, Assistant], "the part of the answer that had arrived is kept");
    assert_eq!(messages[0][1].text, "w0 w1");
    assert_eq!(roles(&messages[1]), [User, Assistant]);
    let turns = [turn("FAIL400CTX", 1_795_338_993_945, "", TurnStatus::Failed)];
    let assigned = assign_to_turns(&turns, entries_of(ERROR)).remove(0);
    assert!(assigned.is_complete());
    assert_eq!(roles(&assigned.into_messages(Utc::now())), [User]);
}

#[test]
fn the_same_question_twice_is_assigned_by_time() {
    let entry = |id: &str, role: MessageRole, text: &str, at_ms: i64| TranscriptEntry {
        id: id.to_owned(),
        role,
        tool: None,
        text: text.to_owned(),
        truncated: false,
        at_ms,
    };
    let (first, second) = (1_795_339_000_000, 1_795_339_060_000);
    let log = vec![
        entry("a", User, "again", first),
        entry("b", Assistant, "once", first + 100),
        // OpenClaw folds earlier messages in before the newest one.
        entry("c", User, "[Chat messages since your last reply]\nagain", second),
        entry("d", Assistant, "tw", second + 100),
    ];
    let turns =
        [turn("again", first, "once", TurnStatus::Done), turn("again", second, "twice", TurnStatus::Done)];
    let mut log_clipped = log;
    log_clipped[3].truncated = true;
    let messages: Vec<Vec<NewMessage>> = assign_to_turns(&turns, log_clipped)
        .into_iter()
        .map(|entries| entries.into_messages(Utc::now()))
        .collect();
    let texts =
        |number: usize| messages[number].iter().map(|message| message.text.as_str()).collect::<Vec<_>>();
    assert_eq!(texts(0), ["again", "once"]);
    assert_eq!(texts(1), ["again", "twice"], "the question as typed, the answer in full");
    assert_eq!(messages[1][0].entry, "c");
}
