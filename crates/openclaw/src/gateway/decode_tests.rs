#![allow(clippy::unwrap_used)]
use super::*;
use crate::sse::tests as sse;
use proptest::prelude::*;

fn sample(name: &str) -> &'static str {
    let whole = match name {
        "success" => include_str!("../../tests/samples/sse-success.txt"),
        "internal-tool" => include_str!("../../tests/samples/sse-internal-tool.txt"),
        "429" => include_str!("../../tests/samples/sse-429-after-10-attempts.txt"),
        "500" => include_str!("../../tests/samples/sse-500.txt"),
        _ => include_str!("../../tests/samples/sse-provider-down.txt"),
    };
    &whole[whole.find("data:").unwrap()..]
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<ChatEvent> {
    let (mut chat, mut out) = (ChatDecoder::default(), VecDeque::new());
    for event in sse::decode(pieces, 1 << 20) {
        chat.decode(&event.unwrap().data, &mut out);
    }
    chat.close(&mut out);
    out.into()
}

fn delta(text: &str) -> ChatEvent {
    ChatEvent::Delta(text.into())
}

#[test]
fn a_whole_answer() {
    let expected = [
        ChatEvent::Started { run_id: "chatcmpl_4be2f0b2-2d1f-46a9-859f-23d6accd40c5".into() },
        delta("echo:"),
        delta(" hello world"),
        ChatEvent::Finish(FinishReason::Complete),
        ChatEvent::Usage(TokenUsage { input: 4219, output: 2 }),
        ChatEvent::Done,
    ];
    assert_eq!(decode([sample("success").as_bytes()]), expected);
    assert_eq!(decode([sample("internal-tool").as_bytes()]).len(), 6);
}

#[test]
fn errors_in_the_stream_end_it() {
    for (name, cause) in
        [("429", Cause::RateLimited), ("500", Cause::ServerError), ("down", Cause::ProviderUnreachable)]
    {
        let events = decode([sample(name).as_bytes()]);
        assert!(
            matches!(&events[..], [ChatEvent::Started { .. }, ChatEvent::Error(error)] if error.cause == cause)
        );
    }
}

#[test]
fn a_stream_that_breaks_off_or_speaks_nonsense_is_an_error() {
    let cut = sample("success").split_at(700).0;
    assert_eq!(decode([cut.as_bytes()]).last(), Some(&ChatEvent::Error(Cause::ConnectionLost.into())));
    assert_eq!(decode([b"data: <html>\n\n".as_slice()]), [ChatEvent::Error(Cause::BadAnswer.into())]);
    assert_eq!(decode([b"".as_slice()]), [ChatEvent::Error(Cause::ConnectionLost.into())]);
}

#[test]
fn odd_numbers_and_lengths_do_no_harm() {
    let huge = br#"data: {"choices":[{"delta":{"content":""},"finish_reason":"length"}],"usage":{"prompt_tokens":18446744073709551615,"completion_tokens":18446744073709551615}}

data: {"choices":[],"usage":{"prompt_tokens":0}}

data: [DONE]

data: {"choices":[{"delta":{"content":"late"}}]}

"#;
    let usage = TokenUsage { input: u64::MAX, output: u64::MAX };
    let expected = [ChatEvent::Finish(FinishReason::Length), ChatEvent::Usage(usage), ChatEvent::Done];
    assert_eq!(decode([huge.as_slice()]), expected);
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        name in prop::sample::select(vec!["success", "internal-tool", "429", "500", "down"]),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let bytes = sample(name).as_bytes();
        prop_assert_eq!(decode(sse::split(bytes, &cuts)), decode([bytes]));
    }

    #[test]
    fn whatever_comes_there_is_exactly_one_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let events = decode([bytes.as_slice()]);
        let ends = events.iter().filter(|event| matches!(event, ChatEvent::Done | ChatEvent::Error(_))).count();
        prop_assert_eq!(ends, 1);
    }
}
