//! What was asked, whatever the dialect: the model, the key, and the last thing a human wrote.
//! It must not know any wire format; dialects translate into [`Said`].

/// OpenClaw adds this user message of its own to what the human wrote.
const INTERNAL: &str = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>";
/// In front of the newest message when OpenClaw folds earlier ones into the same text.
const CURRENT: &str = "[Current message - respond to this]\n";
/// The tail that OpenClaw appends to every user message.
const RUNTIME: &str = "\n\nRuntime: ";

/// One message of a conversation.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// By the human (or by OpenClaw in his name).
    User(String),
    /// The result of a tool call.
    Tool(String),
    /// By the model or the system.
    Other(String),
}

/// How the caller wants the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As one JSON object.
    Whole,
    /// Piece by piece, without counts.
    Streamed,
    /// Piece by piece, the last piece counts the tokens.
    StreamedWithUsage,
}

/// A completion request, understood.
#[derive(Debug)]
pub struct Ask {
    /// The model's id as sent.
    pub model: String,
    /// The key as sent, wherever the dialect puts it.
    pub key: Option<String>,
    /// Whole or streamed.
    pub delivery: Delivery,
    /// The human's last message, without what OpenClaw wrapped around it.
    pub text: String,
    /// The tool result that came after that message, if any.
    pub tool_result: Option<String>,
    /// What nobody said: the system prompt, and what the agent answered.
    pub prompt: String,
    /// Words in the whole conversation: stands in for tokens.
    pub prompt_tokens: usize,
}

impl Ask {
    /// Picks the last real user message, and the tool result behind it, out of a conversation.
    #[must_use]
    pub fn new(model: &str, key: Option<String>, delivery: Delivery, said: &[Said]) -> Self {
        let (mut text, mut prompt) = (String::new(), String::new());
        let mut tool_result = None;
        let mut prompt_tokens = 0;
        for one in said {
            let (Said::User(body) | Said::Tool(body) | Said::Other(body)) = one;
            prompt_tokens += body.split_whitespace().count();
            match one {
                Said::User(body) if !body.contains(INTERNAL) => {
                    text = clean(body).to_owned();
                    tool_result = None;
                }
                Said::Tool(body) => tool_result = Some(body.clone()),
                Said::Other(body) => prompt.push_str(body),
                Said::User(_) => {}
            }
        }
        Self { model: model.to_owned(), key, delivery, text, tool_result, prompt, prompt_tokens }
    }
}

/// The human's own words: without `[Sun 2026-11-22 09:12 UTC] ` before and `Runtime: …` behind.
fn clean(text: &str) -> &str {
    let text = text.rsplit_once(CURRENT).map_or(text, |(_, last)| last);
    let text = text.rsplit_once(RUNTIME).map_or(text, |(words, _)| words);
    let Some((stamp, rest)) = text.strip_prefix('[').and_then(|t| t.split_once("] ")) else {
        return text;
    };
    if stamp.ends_with("UTC") { rest } else { text }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn ask(said: &[Said]) -> Ask {
        Ask::new("m", None, Delivery::Whole, said)
    }

    #[test]
    fn what_openclaw_wraps_around_a_message_is_taken_off() {
        let wrapped = "[Sun 2026-11-22 09:12 UTC] hello [x] there\n\nRuntime: agent=main | host=vm";
        assert_eq!(clean(wrapped), "hello [x] there");
        assert_eq!(clean("[not a stamp] stays"), "[not a stamp] stays");
        let folded = "[Chat messages since your last reply - for context]\nold\n\n[Current message - respond to this]\nnew";
        assert_eq!(clean(folded), "new");
    }

    #[test]
    fn the_internal_message_is_not_what_the_human_said() {
        let found = ask(&[Said::User("real".into()), Said::User(format!("{INTERNAL}\nnoise"))]);
        assert_eq!(found.text, "real");
    }

    #[test]
    fn a_tool_result_counts_only_behind_the_last_user_message() {
        let old = ask(&[Said::User("a".into()), Said::Tool("r".into()), Said::User("b".into())]);
        assert_eq!(old.tool_result, None);
        let fresh = ask(&[Said::User("a".into()), Said::Other(String::new()), Said::Tool("r".into())]);
        assert_eq!(fresh.tool_result.as_deref(), Some("r"));
    }
}
