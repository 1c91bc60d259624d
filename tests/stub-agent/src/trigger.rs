//! The scripted behaviour in a user's text: `[[stub:name=value,…]]`, any number of them.

use std::time::Duration;

/// What the text asks for; the default is to behave.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Trigger {
    /// Silence before anything else.
    pub delay: Duration,
    /// Answer with this many tokens and no provider.
    pub tokens: Option<u32>,
    /// Between those tokens.
    pub gap: Duration,
    /// What those tokens say.
    pub tokens_say: TokensSay,
    /// Fail as if the provider had answered with this status.
    pub error: Option<u16>,
    /// Call this tool first.
    pub tool: Option<String>,
    /// What to do instead of an answer.
    pub instead: Option<Instead>,
}

/// What the tokens of an answer without a provider say.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum TokensSay {
    /// Their number.
    #[default]
    Number,
    /// When they were said, in microseconds since 1970: whoever receives one knows how long it took.
    Time,
}

/// Worse than an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// Never answer.
    Hang,
    /// End the whole process, as if killed.
    Die,
}

impl Trigger {
    /// Reads every trigger of a text; unknown names are ignored.
    pub fn find(text: &str) -> Self {
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
            "stamp" => self.tokens_say = TokensSay::Time,
            "error" => self.error = value.parse().ok(),
            "tool" => self.tool = Some(value.to_owned()),
            "hang" => self.instead = Some(Instead::Hang),
            "die" => self.instead = Some(Instead::Die),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn several_triggers_add_up() {
        let found = Trigger::find("a [[stub:delay=5]] b [[stub:tokens=200,gap=20,stamp]] c");
        assert_eq!(found.delay, Duration::from_millis(5));
        assert_eq!(found.tokens, Some(200));
        assert_eq!(found.gap, Duration::from_millis(20));
        assert_eq!(found.tokens_say, TokensSay::Time);
        assert_eq!(Trigger::find("[[stub:hang]]").instead, Some(Instead::Hang));
        assert_eq!(Trigger::find("[[llm:error=500]] plain"), Trigger::default());
    }
}
