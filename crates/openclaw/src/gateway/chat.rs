//! One message to an agent, and its answer as it arrives.

use super::{ANSWER_IDLE_TIMEOUT, Gateway, decode::ChatDecoder, send, stream_events};
use crate::{errors::UpstreamError, gateway::ChatEvent, session_key::SessionKey};
use domain::Slug;
use futures_util::stream::{self, BoxStream, StreamExt};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// An event holds one delta, and a whole answer fits into this.
const MAX_EVENT_BYTES: usize = 4 << 20;

/// Who wrote a message of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ChatRole {
    User,
    Agent,
}

impl ChatRole {
    const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Agent => "assistant",
        }
    }
}

/// An earlier message of the chat that a new session does not know.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct EarlierMessage<'a> {
    pub role: ChatRole,
    pub text: &'a str,
}

/// A message to send.
#[derive(Debug, Clone, Copy)]
pub struct ChatRequest<'a> {
    /// The agent that answers.
    pub agent: &'a Slug,
    /// The session, which remembers its messages.
    pub session: SessionKey,
    /// The message. OpenClaw trims it and refuses an empty one.
    pub text: &'a str,
    /// The chat's earlier messages, for a session that does not know them. OpenClaw folds them into the message as one
    /// block of text.
    pub earlier: &'a [EarlierMessage<'a>],
    /// Added to the agent's system prompt for this message.
    pub system: Option<&'a str>,
    /// Another model than the agent's own, in the form of [`crate::render::model_ref`].
    pub model: Option<&'a str>,
}

impl ChatRequest<'_> {
    fn body(&self) -> Value {
        let message = |role: &str, text: &str| json!({ "role": role, "content": text });
        let mut messages = Vec::with_capacity(self.earlier.len() + 2);
        messages.extend(self.system.map(|text| message("system", text)));
        messages.extend(self.earlier.iter().map(|earlier| message(earlier.role.as_str(), earlier.text)));
        messages.push(message("user", self.text));
        json!({
            "model": format!("openclaw/{}", self.agent),
            "stream": true,
            "stream_options": { "include_usage": true },
            "messages": messages,
        })
    }
}

/// The events of one answer. The last one is exactly one [`ChatEvent::Done`] or [`ChatEvent::Error`].
/// Dropping it closes the connection, which aborts the run and the provider's request.
pub type ChatStream = BoxStream<'static, ChatEvent>;

impl Gateway {
    /// Sends a message. Returns as soon as OpenClaw has accepted it; a later failure is an event. Messages to one
    /// session are answered one after the other.
    ///
    /// # Errors
    /// [`UpstreamError`]; [`crate::Cause::never_sent`] tells whether the agent certainly did not accept the message.
    pub async fn chat(&self, request: ChatRequest<'_>) -> Result<ChatStream, UpstreamError> {
        let mut http = self.completion_request(request.agent, Some(request.session)).json(&request.body());
        if let Some(model) = request.model {
            http = http.header("x-openclaw-model", model);
        }
        let events = stream_events(send(http).await?, MAX_EVENT_BYTES, ANSWER_IDLE_TIMEOUT);
        let start = (events, ChatDecoder::default(), VecDeque::new());
        let chat = stream::unfold(start, |(mut events, mut decoder, mut decoded)| async move {
            while decoded.is_empty() {
                if decoder.has_ended() {
                    return None;
                }
                match events.next().await {
                    Some(Ok(event)) => decoder.decode(&event.data, &mut decoded),
                    Some(Err(error)) => decoder.fail(error, &mut decoded),
                    None => decoder.close(&mut decoded),
                }
            }
            decoded.pop_front().map(|event| (event, (events, decoder, decoded)))
        });
        Ok(chat.boxed())
    }
}
