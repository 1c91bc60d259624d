//! Parts that die at bad moments: no message is lost, none is sent twice, and what could not be finished
//! says so.

mod apis;
mod containers;
mod database;
mod starts;
mod workers;

use serde_json::Value;
use tests::{Events, Mosaic, Options, Person, text};

/// An answer of some twenty seconds: long enough to break things in the middle of it.
const LONG: &str = "[[llm:tokens=400,gap=50]]";
/// What a person is told when an answer could not be finished.
const INTERRUPTED: &str = "interrupted";

async fn nobody_working() -> Mosaic {
    Mosaic::start_with(Options { workers: 0, ..Options::default() }).await
}

/// A turn whose answer is being streamed, and a follower who has seen some of it.
async fn streaming(person: &Person, chat: &str, question: &str) -> (String, Events, Vec<tests::Event>) {
    let turn = person.ask(chat, question).await;
    let mut events = person.follow(&turn, 0).await;
    let seen = vec![events.until("delta").await, events.until("delta").await, events.until("delta").await];
    (turn, events, seen)
}

/// Not finished, and honest about it: Try again is offered and what had arrived is kept.
fn assert_interrupted(turn: &Value, arrived: &[tests::Event]) {
    assert_eq!(turn["status"], INTERRUPTED, "{turn}");
    assert_eq!(turn["error"]["code"], INTERRUPTED, "{turn}");
    assert_eq!(turn["error"]["retryable"], true, "{turn}");
    let answer = turn["answer"].as_str().unwrap();
    assert!(
        answer.starts_with(&text(arrived)),
        "lost: {:?} is not at the beginning of {answer:?}",
        text(arrived)
    );
}

/// As many as a person has, whatever was killed meanwhile.
async fn assert_one_of_each(mosaic: &Mosaic) {
    assert_eq!(mosaic.objects().await, (1, 1, 1), "containers, networks, volumes");
}
