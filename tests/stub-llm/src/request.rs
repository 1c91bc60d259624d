//! A completion request in any wire format: the model, the key, and the user's last message.
//! It must not know any wire format; dialects translate into [`ChatMessage`].

/// Part of a user message that OpenClaw adds by itself.
const INTERNAL_MARKER: &str = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>";
/// Before the newest message when OpenClaw folds earlier messages into the same text.
const CURRENT_MARKER: &str = "[Current message - respond to this]\n";
/// Begins the text that OpenClaw appends to every user message.
const RUNTIME_MARKER: &str = "\n\nRuntime: ";

/// A message of a conversation.
#[derive(Debug, PartialEq, Eq)]
pub enum ChatMessage {
    /// By the user, or by OpenClaw in the role of the user.
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
    /// As a stream without token counts.
    Streamed,
    /// As a stream whose last event has the token counts.
    StreamedWithUsage,
}

/// A completion request.
#[derive(Debug)]
pub struct CompletionRequest {
    /// The model's id.
    pub model: String,
    pub key: Option<String>,
    pub delivery: Delivery,
    /// The user's last message, without what OpenClaw adds to it.
    pub text: String,
    /// The tool result after that message.
    pub tool_result: Option<String>,
    /// The system prompt and the earlier answers.
    pub prompt: String,
    /// The words of the whole conversation, which stand for tokens.
    pub prompt_tokens: usize,
}

impl CompletionRequest {
    /// Finds the user's last message in a conversation, and the tool result after it.
    #[must_use]
    pub fn new(model: &str, key: Option<String>, delivery: Delivery, messages: &[ChatMessage]) -> Self {
        let (mut text, mut prompt) = (String::new(), String::new());
        let mut tool_result = None;
        let mut prompt_tokens = 0;
        for message in messages {
            let (ChatMessage::User(body) | ChatMessage::Tool(body) | ChatMessage::Other(body)) = message;
            prompt_tokens += body.split_whitespace().count();
            match message {
                ChatMessage::User(body) if !body.contains(INTERNAL_MARKER) => {
                    text = strip_additions(body).to_owned();
                    tool_result = None;
                }
                ChatMessage::Tool(body) => tool_result = Some(body.clone()),
                ChatMessage::Other(body) => prompt.push_str(body),
                ChatMessage::User(_) => {}
            }
        }
        Self { model: model.to_owned(), key, delivery, text, tool_result, prompt, prompt_tokens }
    }
}

/// The user's text, without `[Sun 2026-11-22 09:12 UTC] ` before it and `Runtime: …` after it.
fn strip_additions(text: &str) -> &str {
    let text = text.rsplit_once(CURRENT_MARKER).map_or(text, |(_, last)| last);
    let text = text.rsplit_once(RUNTIME_MARKER).map_or(text, |(words, _)| words);
    let Some((stamp, rest)) = text.strip_prefix('[').and_then(|t| t.split_once("] ")) else {
        return text;
    };
    if stamp.ends_with("UTC") { rest } else { text }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn request(messages: &[ChatMessage]) -> CompletionRequest {
        CompletionRequest::new("m", None, Delivery::Whole, messages)
    }

    #[test]
    fn what_openclaw_adds_to_a_message_is_removed() {
        let wrapped = "[Sun 2026-11-22 09:12 UTC] hello [x] there\n\nRuntime: agent=main | host=vm";
        assert_eq!(strip_additions(wrapped), "hello [x] there");
        assert_eq!(strip_additions("[not a stamp] stays"), "[not a stamp] stays");
        let folded = "[Chat messages since your last reply - for context]\nold\n\n[Current message - respond to this]\nnew";
        assert_eq!(strip_additions(folded), "new");
    }

    #[test]
    fn an_internal_message_is_not_the_users() {
        let found = request(&[
            ChatMessage::User("real".into()),
            ChatMessage::User(format!("{INTERNAL_MARKER}\nnoise")),
        ]);
        assert_eq!(found.text, "real");
    }

    #[test]
    fn a_tool_result_counts_only_after_the_last_user_message() {
        let old = request(&[
            ChatMessage::User("a".into()),
            ChatMessage::Tool("r".into()),
            ChatMessage::User("b".into()),
        ]);
        assert_eq!(old.tool_result, None);
        let fresh = request(&[
            ChatMessage::User("a".into()),
            ChatMessage::Other(String::new()),
            ChatMessage::Tool("r".into()),
        ]);
        assert_eq!(fresh.tool_result.as_deref(), Some("r"));
    }
}
