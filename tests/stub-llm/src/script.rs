//! What to answer: by key, by model, by triggers in the text. It must not know any wire format.

use std::time::Duration;

use serde_json::Value;

use crate::ask::Ask;

/// About 40 tokens a second, as a middling hosted model.
const GAP: Duration = Duration::from_millis(25);
/// `sk-slow`: time to the first token, and between tokens.
const SLOW_FIRST: Duration = Duration::from_secs(3);
const SLOW_GAP: Duration = Duration::from_millis(200);
/// More would only fill memory: a script is written out before it is played.
const MAX_TOKENS: usize = 100_000;
const QUOTED_CHARS: usize = 300;

/// A way to fail that every provider has, each in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No key was sent.
    NoKey,
    /// The key is wrong.
    BadKey,
    /// Too many requests.
    RateLimited,
    /// No money left.
    Quota,
    /// The model does not exist.
    NoModel,
    /// The conversation is too long.
    ContextLength,
    /// The provider broke, with this status.
    Server(u16),
}

impl Failure {
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

/// A tool call that the model makes instead of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// Its arguments.
    pub args: Value,
}

/// How a streamed answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As the dialect ends it.
    Proper,
    /// The connection breaks half-way.
    Cut,
}

/// What is said, and how fast.
#[derive(Debug)]
pub enum Speech {
    /// Text, in pieces that count as one token each.
    Text(Vec<String>),
    /// One tool call.
    Tool(ToolCall),
}

/// An answer before any dialect.
#[derive(Debug)]
pub struct Answer {
    /// The words or the tool call.
    pub speech: Speech,
    /// Silence before the first piece.
    pub first: Duration,
    /// Silence between two pieces.
    pub gap: Duration,
    /// How it ends.
    pub ending: Ending,
}

impl Answer {
    /// The number of pieces: stands in for tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        match &self.speech {
            Speech::Text(pieces) => pieces.len(),
            Speech::Tool(_) => 1,
        }
    }

    /// The pieces as one text; empty for a tool call.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.speech {
            Speech::Text(pieces) => pieces.concat(),
            Speech::Tool(_) => String::new(),
        }
    }

    /// The tool call, when this is one.
    #[must_use]
    pub fn tool(&self) -> Option<&ToolCall> {
        match &self.speech {
            Speech::Text(_) => None,
            Speech::Tool(call) => Some(call),
        }
    }
}

/// Decides what a request gets.
///
/// # Errors
/// The failure that its key, model or text asks for.
pub fn decide(ask: &Ask) -> Result<Answer, Failure> {
    let key = ask.key.as_deref();
    if let Some(failure) = key_failure(key) {
        return Err(failure);
    }
    if ask.model == "no-such-model" {
        return Err(Failure::NoModel);
    }
    let trigger = Trigger::find(&ask.text);
    if let Some(status) = trigger.number("error") {
        return Err(Failure::of_status(u16::try_from(status).unwrap_or(500)));
    }
    let slow = key.is_some_and(|key| key.starts_with("sk-slow"));
    Ok(Answer {
        speech: speech(ask, &trigger),
        first: if slow { SLOW_FIRST } else { Duration::ZERO },
        gap: match trigger.number("gap") {
            Some(ms) => Duration::from_millis(ms),
            None if slow => SLOW_GAP,
            None => GAP,
        },
        ending: if trigger.has("cut") { Ending::Cut } else { Ending::Proper },
    })
}

/// What a key alone decides; `None` lets the request pass.
#[must_use]
pub fn key_failure(key: Option<&str>) -> Option<Failure> {
    let key = key.unwrap_or_default();
    let by_prefix = [
        ("sk-bad", Failure::BadKey),
        ("sk-ratelimit", Failure::RateLimited),
        ("sk-quota", Failure::Quota),
        ("sk-500", Failure::Server(500)),
    ];
    if key.is_empty() {
        return Some(Failure::NoKey);
    }
    by_prefix.into_iter().find_map(|(prefix, failure)| key.starts_with(prefix).then_some(failure))
}

fn speech(ask: &Ask, trigger: &Trigger) -> Speech {
    if let Some(result) = &ask.tool_result {
        return Speech::Text(pieces(&format!("The tool said: {result}")));
    }
    if let Some(call) = trigger.tool() {
        return Speech::Tool(call);
    }
    if let Some(count) = trigger.number("tokens") {
        let count = usize::try_from(count).map_or(MAX_TOKENS, |count| count.min(MAX_TOKENS));
        return Speech::Text((0..count).map(|n| format!("w{n} ")).collect());
    }
    let quote: String = ask.text.chars().take(QUOTED_CHARS).collect();
    Speech::Text(pieces(&format!(
        "Hello! You wrote: “{quote}”. I only stand in for a language model, but I read every word."
    )))
}

fn pieces(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
}

/// The inside of the first `[[llm:…]]` in a text.
struct Trigger<'a>(&'a str);

impl<'a> Trigger<'a> {
    fn find(text: &'a str) -> Self {
        Self(text.split_once("[[llm:").map_or("", |(_, inside)| inside))
    }

    /// `name=value` pairs before any JSON, which ends the simple part.
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
        // JSON may itself contain `]]`, so the parser says where it ends.
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
    use crate::ask::{Delivery, Said};
    use serde_json::json;

    fn decide_for(key: &str, text: &str) -> Result<Answer, Failure> {
        let said = [Said::User(text.to_owned())];
        decide(&Ask::new("stub-small", Some(key.to_owned()), Delivery::Whole, &said))
    }

    #[test]
    fn the_key_decides_before_the_text() {
        let both = decide_for("sk-bad-1", "[[llm:error=500]]");
        assert_eq!(both.unwrap_err(), Failure::BadKey);
        assert_eq!(decide_for("sk-quota", "hi").unwrap_err(), Failure::Quota);
        assert!(decide_for("sk-anything", "hi").is_ok());
    }

    #[test]
    fn no_key_is_refused() {
        let ask = Ask::new("m", None, Delivery::Whole, &[]);
        assert_eq!(decide(&ask).unwrap_err(), Failure::NoKey);
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
        assert_eq!(answer.ending, Ending::Proper);
        assert_eq!(decide_for("sk-1", "[[llm:cut]]").unwrap().ending, Ending::Cut);
    }
}
