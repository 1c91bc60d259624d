//! Processes and containers that end at bad moments: no message is lost or sent twice, and an interrupted answer is
//! reported as such.

mod apis;
mod containers;
mod database;
mod starts;
mod workers;

use serde_json::Value;
use tests::{Events, Mosaic, Options, Person, answer_text};

/// An answer of about twenty seconds, long enough for a fault in the middle.
const LONG: &str = "[[llm:tokens=400,gap=50]]";
/// The status and error code of an answer that could not be finished.
const INTERRUPTED: &str = "interrupted";

async fn mosaic_without_workers() -> Mosaic {
    Mosaic::start_with(Options { workers: 0, ..Options::default() }).await
}

/// Starts a turn and reads the first pieces of its answer.
async fn start_streaming(person: &Person, chat: &str, question: &str) -> (String, Events, Vec<tests::Event>) {
    let turn = person.ask(chat, question).await;
    let mut events = person.follow(&turn, 0).await;
    let seen =
        vec![events.wait_for("delta").await, events.wait_for("delta").await, events.wait_for("delta").await];
    (turn, events, seen)
}

/// The turn is interrupted: it can be retried, and the text that had arrived is kept.
fn assert_interrupted(turn: &Value, arrived: &[tests::Event]) {
    assert_eq!(turn["status"], INTERRUPTED, "{turn}");
    assert_eq!(turn["error"]["code"], INTERRUPTED, "{turn}");
    assert_eq!(turn["error"]["retryable"], true, "{turn}");
    let answer = turn["answer"].as_str().unwrap();
    assert!(
        answer.starts_with(&answer_text(arrived)),
        "{:?} is not at the beginning of {answer:?}",
        answer_text(arrived)
    );
}

/// One user has one container, one network and one volume, whatever was killed.
async fn assert_one_of_each(mosaic: &Mosaic) {
    assert_eq!(mosaic.count_objects().await, (1, 1, 1), "containers, networks, volumes");
}
