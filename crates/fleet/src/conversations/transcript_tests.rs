//! What real sessions of OpenClaw come to, turn by turn.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]
use super::*;
use MessageRole::{Assistant, Tool, User};
use domain::{ChatId, TurnId};
use openclaw::transcript::Reader;
use serde_json::json;

const TOOL: &str = include_str!("../../../openclaw/tests/samples/session-tool.jsonl");
const ABORT: &str = include_str!("../../../openclaw/tests/samples/session-abort.jsonl");
const ERROR: &str = include_str!("../../../openclaw/tests/samples/session-error.jsonl");

fn said(log: &str) -> Vec<Entry> {
    let mut reader = Reader::default();
    log.lines().flat_map(|line| reader.read(line).unwrap()).collect()
}

/// A turn that was sent a moment before its question was written down.
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
        status: status.as_str().to_owned(),
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
    let words = by_turn(&turns, said(TOOL));
    assert!(words.iter().all(Words::is_whole));
    let taken: Vec<Vec<NewMessage>> = words.into_iter().map(|words| words.messages(Utc::now())).collect();
    assert_eq!(roles(&taken[0]), [User, Tool, Tool, Assistant]);
    assert_eq!(roles(&taken[1]), [User, Tool, Tool, Assistant]);
    assert_eq!(roles(&taken[2]), [User, Assistant]);
    assert_eq!(taken[0][1].tool.as_deref(), Some("exec"));
    assert_eq!(taken[0][2].text, "tool-output-123\nLinux");
    assert_eq!(taken[0][0].at.timestamp_millis(), 1_795_339_153_420, "by the container's clock");
    for (turn, messages) in turns.iter().zip(&taken) {
        assert!(messages.iter().all(|message| message.turn == Some(turn.id)));
    }
    // Only the last turn is still to be taken in: what the others said is not taken for its own.
    let alone = by_turn(&turns[2..], said(TOOL));
    assert_eq!(alone[0].entries.iter().map(|entry| entry.role).collect::<Vec<_>>(), [User, Assistant]);
}

#[test]
fn an_answer_that_is_not_written_down_yet_is_waited_for_and_then_filled_in() {
    let asked = turn("thanks, a third turn", 1_795_339_154_549, "echo: thanks", TurnStatus::Done);
    let turns = [asked];
    let mut until_then = said(TOOL);
    until_then.pop();
    let words = by_turn(&turns, until_then).remove(0);
    assert!(!words.is_whole());
    let taken = words.messages(Utc::now());
    assert_eq!(roles(&taken), [User, Assistant]);
    assert_eq!(taken[1].text, "echo: thanks");
    assert_eq!(taken[1].entry, format!("{}/answer", turns[0].id));
    // A turn that the agent's history does not know at all has what Mosaic knows of it.
    let mut unknown = turn("Where was I?", 1_795_339_154_549, "Here.", TurnStatus::Done);
    unknown.tools = json!([{ "name": "exec", "arguments": { "command": "pwd" }, "result": "/data" }]);
    let turns = [unknown];
    let taken = by_turn(&turns, said(TOOL)).remove(0).messages(Utc::now());
    assert_eq!(roles(&taken), [User, Tool, Tool, Assistant]);
    assert_eq!((taken[0].text.as_str(), taken[2].text.as_str()), ("Where was I?", "/data"));
}

#[test]
fn a_stopped_and_a_failed_turn_are_whole_without_an_answer() {
    // The stopped one left only its question in the history, the next one its answer too.
    let turns = [
        turn("SLOW60", 1_795_339_198_310, "w0 w1", TurnStatus::Stopped),
        turn("/stop", 1_795_339_202_543, "w0 w1 w2", TurnStatus::Done),
    ];
    let words = by_turn(&turns, said(ABORT));
    assert!(words.iter().all(Words::is_whole));
    let taken: Vec<Vec<NewMessage>> = words.into_iter().map(|words| words.messages(Utc::now())).collect();
    assert_eq!(roles(&taken[0]), [User, Assistant], "what had arrived of the answer is kept");
    assert_eq!(taken[0][1].text, "w0 w1");
    assert_eq!(roles(&taken[1]), [User, Assistant]);
    let turns = [turn("FAIL400CTX", 1_795_338_993_945, "", TurnStatus::Failed)];
    let words = by_turn(&turns, said(ERROR)).remove(0);
    assert!(words.is_whole());
    assert_eq!(roles(&words.messages(Utc::now())), [User]);
}

#[test]
fn the_same_question_twice_is_dealt_out_by_time() {
    let entry = |id: &str, role: MessageRole, text: &str, at_ms: i64| Entry {
        id: id.to_owned(),
        role,
        tool: None,
        text: text.to_owned(),
        clipped: false,
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
    log_clipped[3].clipped = true;
    let taken: Vec<Vec<NewMessage>> =
        by_turn(&turns, log_clipped).into_iter().map(|words| words.messages(Utc::now())).collect();
    let texts = |number: usize| taken[number].iter().map(|message| message.text.as_str()).collect::<Vec<_>>();
    assert_eq!(texts(0), ["again", "once"]);
    assert_eq!(texts(1), ["again", "twice"], "the question as typed, the answer in full");
    assert_eq!(taken[1][0].entry, "c");
}
