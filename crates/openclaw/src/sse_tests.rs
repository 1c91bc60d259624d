#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use futures_util::FutureExt;
use proptest::prelude::*;

const MAX_EVENT_BYTES: usize = 1 << 20;

/// The events of these pieces, or the error after them.
pub(crate) fn decode(
    pieces: impl IntoIterator<Item = impl AsRef<[u8]>>,
    max_event_bytes: usize,
) -> Vec<Result<Event, UpstreamError>> {
    let pieces: Vec<_> = pieces.into_iter().map(|piece| Ok(Bytes::copy_from_slice(piece.as_ref()))).collect();
    events(stream::iter(pieces), max_event_bytes).collect().now_or_never().unwrap()
}

/// The pieces between the cuts.
pub(crate) fn split<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// Name and data of each event.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<(String, String)> {
    let events = decode(pieces, MAX_EVENT_BYTES).into_iter().map(Result::unwrap);
    events.map(|event| (event.event, event.data)).collect()
}

fn event(name: &str, data: &str) -> (String, String) {
    (name.into(), data.into())
}

#[test]
fn fields_comments_and_line_ends() {
    let text = "retry: 1000\n\n: ping\n\nevent: history\r\ndata: a\r\ndata:  b\r\n\r\ndata:x\rid: 1\r\rdata\n\nevent: none\n\n";
    let expected = [event("history", "a\n b"), event("message", "x"), event("message", "")];
    assert_eq!(read([text.as_bytes()]), expected);
}

#[test]
fn an_event_is_complete_at_its_empty_line_without_a_further_byte() {
    for end in ["\n\n", "\r\r", "\r\n\r\n"] {
        let body = stream::iter([Ok(Bytes::from(format!("data: a{end}")))]).chain(stream::pending());
        let first = events(body, MAX_EVENT_BYTES).next().now_or_never();
        assert_eq!(first.unwrap().unwrap().unwrap().data, "a", "{end:?}");
    }
}

#[test]
fn an_unfinished_event_is_not_an_event() {
    assert_eq!(read([b"data: a\n".as_slice()]), []);
    assert_eq!(read([b"data: a".as_slice()]), []);
}

/// The parser copies the last id at every empty line, so a large one followed by empty lines would cost minutes.
#[test]
fn ids_never_reach_the_parser_and_comments_do_not_count_towards_the_limit() {
    let mut hostile = format!("id: {}\n", "x".repeat(MAX_EVENT_BYTES - 10)).into_bytes();
    hostile.extend(b"\n".repeat(100_000));
    let comment = format!(": {}\n", "c".repeat(MAX_EVENT_BYTES / 2));
    hostile.extend(comment.repeat(3).bytes());
    hostile.extend(b"data: a\n\n");
    let events = decode([hostile], MAX_EVENT_BYTES);
    let [Ok(only)] = events.as_slice() else { panic!("{} events", events.len()) };
    assert_eq!((only.data.as_str(), only.id.as_str()), ("a", ""), "the parser never saw the id");
}

#[test]
fn an_endless_line_is_refused() {
    let too_long = [Err(Cause::BadAnswer.into())];
    let piece = [b'x'; 60];
    assert_eq!(decode([&piece], 100), []);
    assert_eq!(decode([&piece, &piece], 100), too_long);
    let lines: Vec<u8> = b"data: xxxxxxxxxx\n".repeat(20);
    assert_eq!(decode([&lines], 100), too_long);
}

#[test]
fn the_limit_is_for_one_event_and_not_for_the_stream() {
    let text = b"data: xxxxxxxxxx\n\n: a comment\n\n".repeat(100);
    assert_eq!(read([text.as_slice()]).len(), 100);
    assert_eq!(decode([&text], 20).len(), 100);
}

#[test]
fn bytes_that_are_not_utf_8_do_not_silence_the_stream() {
    let text = b"data: a\xff\xe2\x82\n\ndata: \xe2\x82\xac\n\n".as_slice();
    let expected = [event("message", "a\u{fffd}\u{fffd}"), event("message", "\u{20ac}")];
    assert_eq!(read([text]), expected);
    assert_eq!(read(text.chunks(1)), expected);
}

#[test]
fn byte_order_marks_at_the_start_are_dropped() {
    assert_eq!(read(["\u{feff}\u{feff}data: a\n\n".as_bytes()]), [event("message", "a")]);
    assert_eq!(read(["\u{feff}\n\u{feff}data: a\n\ndata: b\n\n".as_bytes()]), [event("message", "b")]);
}

#[test]
fn many_small_pieces_of_a_long_line_cost_no_more_than_large_ones() {
    // The parser on its own would read the line from its start again at each of these pieces.
    let text = format!("data: {}\n\n", "x".repeat(200_000));
    assert_eq!(read(text.as_bytes().chunks(1)), read([text.as_bytes()]));
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        text in "(data: ?[a-zä😀]{0,6}|event: [a-z]{0,3}|: c|)(\n|\r|\r\n){1,2}((data: ?[a-zä😀]{0,6}|event: [a-z]{0,3}|)(\n|\r|\r\n){1,2}){0,12}",
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..24),
    ) {
        let bytes = text.as_bytes();
        prop_assert_eq!(read(split(bytes, &cuts)), read([bytes]));
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(prop::sample::select(b"\xef\xbb\xbf\xff\r\n: dataeventidretry".as_slice()), 0..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        prop_assert_eq!(read(split(&bytes, &cuts)), read([bytes.as_slice()]));
    }
}
