//! Decides about an answer by key, model and triggers in the text. It must not know any wire format.

use std::time::Duration;

use serde_json::Value;

use crate::request::CompletionRequest;

/// About 40 tokens per second, like an average hosted model.
const TOKEN_GAP: Duration = Duration::from_millis(25);
/// For the key `sk-slow`.
const SLOW_FIRST_TOKEN_DELAY: Duration = Duration::from_secs(3);
const SLOW_TOKEN_GAP: Duration = Duration::from_millis(200);
/// All tokens of an answer are in memory before the first is sent.
const MAX_TOKENS: usize = 100_000;
const MAX_QUOTED_CHARS: usize = 300;

/// A failure that every provider has, each in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderFailure {
    NoKey,
    BadKey,
    RateLimited,
    /// The account has no credit left.
    Quota,
    /// The model does not exist.
    NoModel,
    /// The conversation is too long.
    ContextLength,
    /// An internal error with this status.
    Server(u16),
}

impl ProviderFailure {
    fn of_status(status: u16) -> Self {
        match status {
            400 => Self::ContextLength,
            401 | 403 => Self::BadKey,
            402 => Self::Quota,
            404 => Self::NoModel,
            429 => Self::RateLimited,
            other => Self::Server(other),
        }
    }
}

/// A tool call of the model, instead of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    pub name: String,
    pub args: Value,
}

/// How a streamed answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Complete,
    /// The connection breaks off in the middle.
    Cut,
}

#[derive(Debug)]
pub enum AnswerContent {
    /// Text in pieces, each of which counts as one token.
    Text(Vec<String>),
    Tool(ToolCall),
}

/// An answer, independent of the wire format.
#[derive(Debug)]
pub struct Answer {
    pub content: AnswerContent,
    pub first_token_delay: Duration,
    /// Silence between two pieces.
    pub gap: Duration,
    pub ending: Ending,
}

impl Answer {
    /// The number of pieces, which stand for tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        match &self.content {
            AnswerContent::Text(pieces) => pieces.len(),
            AnswerContent::Tool(_) => 1,
        }
    }

    /// The pieces as one text; empty for a tool call.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.content {
            AnswerContent::Text(pieces) => pieces.concat(),
            AnswerContent::Tool(_) => String::new(),
        }
    }

    /// The tool call, if this is one.
    #[must_use]
    pub fn tool(&self) -> Option<&ToolCall> {
        match &self.content {
            AnswerContent::Text(_) => None,
            AnswerContent::Tool(call) => Some(call),
        }
    }
}

/// Decides about the answer of a request.
///
/// # Errors
/// The failure of its key, model or text.
pub fn decide(request: &CompletionRequest) -> Result<Answer, ProviderFailure> {
    let key = request.key.as_deref();
    if let Some(failure) = key_failure(key) {
        return Err(failure);
    }
    if request.model == "no-such-model" {
        return Err(ProviderFailure::NoModel);
    }
    let trigger = Trigger::find(&request.text);
    if let Some(status) = trigger.number("error") {
        return Err(ProviderFailure::of_status(u16::try_from(status).unwrap_or(500)));
    }
    let slow = key.is_some_and(|key| key.starts_with("sk-slow"));
    Ok(Answer {
        content: content(request, &trigger),
        first_token_delay: if slow { SLOW_FIRST_TOKEN_DELAY } else { Duration::ZERO },
        gap: match trigger.number("gap") {
            Some(ms) => Duration::from_millis(ms),
            None if slow => SLOW_TOKEN_GAP,
            None => TOKEN_GAP,
        },
        ending: if trigger.has("cut") { Ending::Cut } else { Ending::Complete },
    })
}

/// The failure of a key, if it has one.
#[must_use]
pub fn key_failure(key: Option<&str>) -> Option<ProviderFailure> {
    let key = key.unwrap_or_default();
    let by_prefix = [
        ("sk-bad", ProviderFailure::BadKey),
        ("sk-ratelimit", ProviderFailure::RateLimited),
        ("sk-quota", ProviderFailure::Quota),
        ("sk-500", ProviderFailure::Server(500)),
    ];
    if key.is_empty() {
        return Some(ProviderFailure::NoKey);
    }
    by_prefix.into_iter().find_map(|(prefix, failure)| key.starts_with(prefix).then_some(failure))
}

fn content(request: &CompletionRequest, trigger: &Trigger) -> AnswerContent {
    if let Some(result) = &request.tool_result {
        return AnswerContent::Text(pieces(&format!("The tool said: {result}")));
    }
    if let Some(call) = trigger.tool() {
        return AnswerContent::Tool(call);
    }
    if let Some(count) = trigger.number("tokens") {
        let count = usize::try_from(count).map_or(MAX_TOKENS, |count| count.min(MAX_TOKENS));
        return AnswerContent::Text((0..count).map(|n| format!("w{n} ")).collect());
    }
    let quote: String = request.text.chars().take(MAX_QUOTED_CHARS).collect();
    AnswerContent::Text(pieces(&format!(
        "Hello! You wrote: “{quote}”. I only stand in for a language model, but I read every word."
    )))
}

fn pieces(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
}

/// The content of the first `[[llm:…]]` in a text.
struct Trigger<'a>(&'a str);

impl<'a> Trigger<'a> {
    fn find(text: &'a str) -> Self {
        Self(text.split_once("[[llm:").map_or("", |(_, inside)| inside))
    }

    /// The `name=value` pairs before the JSON of `args`.
    fn pairs(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let simple = self.0.split("args=").next().unwrap_or_default();
        let simple = simple.split("]]").next().unwrap_or_default();
        simple
            .split(',')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (name.trim(), value.trim()))
    }

    fn has(&self, wanted: &str) -> bool {
        self.pairs().any(|(name, _)| name == wanted)
    }

    fn number(&self, wanted: &str) -> Option<u64> {
        self.pairs().find(|(name, _)| *name == wanted).and_then(|(_, value)| value.parse().ok())
    }

    fn tool(&self) -> Option<ToolCall> {
        let (_, name) = self.pairs().find(|(name, _)| *name == "tool")?;
        // JSON may contain `]]` itself, so the parser finds its end.
        let args = self.0.split_once("args=").and_then(|(_, json)| {
            let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
            values.next()?.ok()
        });
        Some(ToolCall {
            name: name.to_owned(),
            args: args.unwrap_or_else(|| Value::Object(serde_json::Map::new())),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::request::{ChatMessage, Delivery};
    use serde_json::json;

    fn decide_for(key: &str, text: &str) -> Result<Answer, ProviderFailure> {
        let said = [ChatMessage::User(text.to_owned())];
        decide(&CompletionRequest::new("stub-small", Some(key.to_owned()), Delivery::Whole, &said))
    }

    #[test]
    fn the_key_decides_before_the_text() {
        let both = decide_for("sk-bad-1", "[[llm:error=500]]");
        assert_eq!(both.unwrap_err(), ProviderFailure::BadKey);
        assert_eq!(decide_for("sk-quota", "hi").unwrap_err(), ProviderFailure::Quota);
        assert!(decide_for("sk-anything", "hi").is_ok());
    }

    #[test]
    fn no_key_is_refused() {
        let request = CompletionRequest::new("m", None, Delivery::Whole, &[]);
        assert_eq!(decide(&request).unwrap_err(), ProviderFailure::NoKey);
    }

    #[test]
    fn triggers_set_length_and_pace() {
        let answer = decide_for("sk-1", "please [[llm:tokens=7,gap=3]] now").unwrap();
        assert_eq!(answer.tokens(), 7);
        assert_eq!(answer.gap, Duration::from_millis(3));
        assert!(answer.text().starts_with("w0 w1 "));
    }

    #[test]
    fn a_tool_call_keeps_nested_arrays_in_its_arguments() {
        let answer = decide_for("sk-1", r#"[[llm:tool=grid,args={"rows":[[1,2],[3]]}]] ok"#).unwrap();
        assert_eq!(
            answer.tool(),
            Some(&ToolCall { name: "grid".into(), args: json!({"rows": [[1, 2], [3]]}) })
        );
    }

    #[test]
    fn the_answer_quotes_the_question() {
        let answer = decide_for("sk-1", "where is my umbrella?").unwrap();
        assert!(answer.text().contains("“where is my umbrella?”"));
        assert_eq!(answer.ending, Ending::Complete);
        assert_eq!(decide_for("sk-1", "[[llm:cut]]").unwrap().ending, Ending::Cut);
    }
}
