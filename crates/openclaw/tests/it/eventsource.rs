//! Why the history is not followed with `reqwest-eventsource`, and why its parser gets single lines (ADR 0007). A test
//! that fails here after an upgrade means that there is one reason less.

use crate::scripted::{Action, Server, head};
use eventsource_stream::Eventsource;
use futures_util::{FutureExt, StreamExt, stream};
use reqwest_eventsource::{Event, EventSource};
use std::{convert::Infallible, panic::AssertUnwindSafe};

/// More than an event of the history may have. In many lines, because a single one of this size takes the parser minutes
/// in a debug build: it scans an unfinished line again with every piece that arrives.
const EVENT_LINES: usize = 20 * 64;
const LINE: [u8; 16 << 10] = [b'x'; 16 << 10];

#[tokio::test]
async fn an_event_source_holds_an_event_of_any_size() {
    let line = [b"data: ".as_slice(), &LINE, b"\n"].concat();
    let mut script = vec![head("200 OK", "text/event-stream")];
    script.extend((0..EVENT_LINES).map(|_| Action::Send(line.clone())));
    script.extend([Action::Send(b"\n".to_vec()), Action::Hold]);
    let server = Server::start(vec![script]).await;
    let request = openclaw::http_client().unwrap().get(format!("http://{}/", server.address));
    let mut events = EventSource::new(request).unwrap();
    assert!(matches!(events.next().await, Some(Ok(Event::Open))));
    // All of it was in memory before there was an event or an error.
    let Some(Ok(Event::Message(message))) = events.next().await else { panic!("an event") };
    assert_eq!(message.data.len(), EVENT_LINES * (LINE.len() + 1) - 1);
}

/// What the parser alone makes of these pieces.
fn parse(pieces: &'static [&'static [u8]]) -> Vec<String> {
    let events = stream::iter(pieces).map(Ok::<_, Infallible>).eventsource();
    events
        .map(|event| event.map_or_else(|error| error.to_string(), |event| event.data))
        .collect()
        .now_or_never()
        .unwrap()
}

#[test]
fn the_parser_alone_panics_at_a_byte_order_mark() {
    let parse = || parse(&[b"\xef\xbb\xbfdata: a\n\n"]);
    assert!(std::panic::catch_unwind(AssertUnwindSafe(parse)).is_err());
}

#[test]
fn the_parser_alone_is_silent_after_a_byte_that_is_not_utf_8() {
    let events = parse(&[b"data: a\n\n", b"data: \xff\n\n", b"data: b\n\n", b"data: c\n\n"]);
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events[0] == "a" && events[1].starts_with("UTF8 error"), "{events:?}");
}

#[test]
fn the_parser_alone_waits_for_a_byte_after_the_last_cr() {
    assert_eq!(parse(&[b"data: a\r\r"]), Vec::<String>::new());
}
