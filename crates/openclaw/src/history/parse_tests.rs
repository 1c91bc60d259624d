#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::errors::Cause;
use serde_json::json;

fn items(text: &str) -> Vec<HistoryItem> {
    parse_page(text.as_bytes()).unwrap().items
}

#[test]
fn a_run_with_a_tool() {
    let items = items(include_str!("../../tests/samples/http-history-commentary.json"));
    let run = items
        .iter()
        .find_map(|item| matches!(item.part, HistoryPart::Commentary(_)).then(|| item.run_id.clone()));
    let run: Vec<&HistoryItem> = items.iter().filter(|item| Some(&item.run_id) == run.as_ref()).collect();
    let [said, call, result, answer] = run[..] else { panic!("{run:?}") };
    assert_eq!(said.part, HistoryPart::Commentary("Let me look.".into()));
    assert_eq!((said.entry.as_str(), said.index, call.index), (call.entry.as_str(), 0, 1));
    let HistoryPart::ToolCall { id, name, arguments } = &call.part else { panic!("{call:?}") };
    assert_eq!((name.as_str(), arguments), ("exec", &json!({"command": "sleep 3; echo there; exit 3"})));
    let output = "there\n\n(Command exited with code 3)";
    let expected =
        HistoryPart::ToolResult { id: id.clone(), name: "exec".into(), is_error: false, text: output.into() };
    assert_eq!(result.part, expected);
    assert_eq!(answer.part, HistoryPart::Text { text: format!("The tool said: {output}"), truncated: false });
}

#[test]
fn a_page_names_the_older_one() {
    let page = parse_page(include_bytes!("../../tests/samples/http-history-tool.json")).unwrap();
    assert_eq!((page.older, page.items.len()), (Some(8), 3));
    assert_eq!(page.items[1].seq, 9);
    let HistoryPart::User { author: Author::Person, text } = &page.items[1].part else { panic!("{page:?}") };
    assert_eq!(text, "thanks, a third turn");
}

#[test]
fn an_error_in_place_of_an_answer_is_no_answer() {
    let items = items(include_str!("../../tests/samples/http-history-context-overflow.json"));
    assert_eq!(items[1].part, HistoryPart::Failed(Cause::ContextTooLong.into()));
    let aborted = json!({"items": [{"role": "assistant", "stopReason": "aborted", "errorMessage": "request timed out",
        "content": [{"type": "text", "text": ""}]}]});
    assert_eq!(
        parse_page(aborted.to_string().as_bytes()).unwrap().items[0].part,
        HistoryPart::Failed(Cause::RunTimedOut.into())
    );
}

#[test]
fn the_resumption_after_a_restart_is_not_a_persons_message() {
    let items = items(include_str!("../../tests/samples/http-history-resumed.json"));
    let authors: Vec<Author> = items
        .iter()
        .filter_map(|item| match item.part {
            HistoryPart::User { author, .. } => Some(author),
            _ => None,
        })
        .collect();
    assert_eq!(authors, [Author::Person, Author::Resumption]);
}

#[test]
fn long_texts_are_clipped_and_say_so() {
    let text = "ä".repeat(5_000);
    let body = json!({"items": [
        {"role": "assistant", "content": [{"type": "text", "text": "begin\n...(truncated)..."}], "__openclaw": {"truncated": true}},
        {"role": "toolResult", "toolCallId": "c", "toolName": "read", "isError": true, "content": [{"type": "text", "text": text}]},
        {"role": "assistant", "content": [{"type": "toolCall", "id": "c", "name": "write", "arguments": {"path": "x", "content": [text]}}]},
    ]});
    let items = parse_page(body.to_string().as_bytes()).unwrap().items;
    assert_eq!(items[0].part, HistoryPart::Text { text: "begin".into(), truncated: true });
    let HistoryPart::ToolResult { is_error: true, text, .. } = &items[1].part else { panic!("{items:?}") };
    assert_eq!(text.chars().count(), MAX_RESULT_CHARS + 1);
    let HistoryPart::ToolCall { arguments, .. } = &items[2].part else { panic!("{items:?}") };
    assert_eq!(arguments["path"], "x");
    assert_eq!(arguments["content"][0].as_str().unwrap().chars().count(), MAX_ARGUMENT_CHARS + 1);
}

#[test]
fn what_is_not_known_is_skipped_and_what_is_no_page_is_refused() {
    let body = json!({"items": [3, {"role": "custom", "content": "x"}, {"role": "assistant", "content": [{"type": "thinking"}]}]});
    assert_eq!(parse_page(body.to_string().as_bytes()).unwrap().items, []);
    assert_eq!(parse_page(b"{}"), None);
    assert_eq!(parse_page(b"<html>"), None);
}
