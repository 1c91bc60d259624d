//! The script in a user's text: `[[stub:name=value,…]]`, any number of them.

use std::time::Duration;

/// What the text asks for. The default is a normal answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Silence before everything else.
    pub delay: Duration,
    /// Answer with this many tokens and without a provider.
    pub tokens: Option<u32>,
    /// Silence after each of those tokens.
    pub gap: Duration,
    /// The text of those tokens.
    pub token_text: TokenText,
    /// Fail as if the provider had answered with this status.
    pub error: Option<u16>,
    /// Call this tool first.
    pub tool: Option<String>,
    /// What to do instead of an answer.
    pub fault: Option<Fault>,
}

/// The text of the tokens of an answer without a provider.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum TokenText {
    #[default]
    Number,
    /// The time of sending, in microseconds since 1970, so that the receiver can compute the latency.
    Time,
}

/// A fault without an error message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Never answer.
    Hang,
    /// End the process, as if it was killed.
    Die,
}

impl Script {
    /// Parses all scripts of a text. Unknown names are ignored.
    pub fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for part in text.split("[[stub:").skip(1) {
            let inside = part.split("]]").next().unwrap_or_default();
            for pair in inside.split(',') {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                found.set(name.trim(), value.trim());
            }
        }
        found
    }

    fn set(&mut self, name: &str, value: &str) {
        let millis = || Duration::from_millis(value.parse().unwrap_or_default());
        match name {
            "delay" => self.delay = millis(),
            "gap" => self.gap = millis(),
            "tokens" => self.tokens = value.parse().ok(),
            "stamp" => self.token_text = TokenText::Time,
            "error" => self.error = value.parse().ok(),
            "tool" => self.tool = Some(value.to_owned()),
            "hang" => self.fault = Some(Fault::Hang),
            "die" => self.fault = Some(Fault::Die),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn several_scripts_add_up() {
        let found = Script::parse("a [[stub:delay=5]] b [[stub:tokens=200,gap=20,stamp]] c");
        assert_eq!(found.delay, Duration::from_millis(5));
        assert_eq!(found.tokens, Some(200));
        assert_eq!(found.gap, Duration::from_millis(20));
        assert_eq!(found.token_text, TokenText::Time);
        assert_eq!(Script::parse("[[stub:hang]]").fault, Some(Fault::Hang));
        assert_eq!(Script::parse("[[llm:error=500]] plain"), Script::default());
    }
}
