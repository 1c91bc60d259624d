//! One message to an agent, and its answer as it comes.

use super::{Gateway, decode::ChatDecoder, frames, open};
use crate::{RUN_TIMEOUT, errors::UpstreamError, gateway::ChatEvent, session_key::SessionKey};
use domain::Slug;
use futures_util::stream::{self, BoxStream, StreamExt};
use serde_json::{Value, json};
use std::{collections::VecDeque, time::Duration};

/// One event holds one delta; a whole answer fits into this.
const LARGEST_EVENT: usize = 4 << 20;
/// OpenClaw is silent while it waits, retries and runs tools, and ends a run itself after
/// [`RUN_TIMEOUT`].
const IDLE: Duration = Duration::from_secs(RUN_TIMEOUT.as_secs() + 60);

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The person.
    User,
    /// The agent.
    Agent,
}

impl Speaker {
    const fn role(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Agent => "assistant",
        }
    }
}

/// An earlier message that a fresh session should know of.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Who.
    pub speaker: Speaker,
    /// What.
    pub text: &'a str,
}

/// A message to send.
#[derive(Debug, Clone, Copy)]
pub struct ChatRequest<'a> {
    /// To whom.
    pub agent: &'a Slug,
    /// In which session. It remembers what was said in it.
    pub session: SessionKey,
    /// The message. OpenClaw trims it; empty is refused.
    pub text: &'a str,
    /// What was said before, for a session that does not know it; folded into the message as one block
    /// of text. Empty for a session that does.
    pub earlier: &'a [Said<'a>],
    /// Added to the agent's system prompt for this message.
    pub system: Option<&'a str>,
    /// Another model than the agent's own, as [`crate::render::model_ref`] writes it.
    pub model: Option<&'a str>,
}

impl ChatRequest<'_> {
    fn body(&self) -> Value {
        let message = |role: &str, text: &str| json!({ "role": role, "content": text });
        let mut messages = Vec::with_capacity(self.earlier.len() + 2);
        messages.extend(self.system.map(|text| message("system", text)));
        messages.extend(self.earlier.iter().map(|said| message(said.speaker.role(), said.text)));
        messages.push(message("user", self.text));
        json!({
            "model": format!("openclaw/{}", self.agent),
            "stream": true,
            "stream_options": { "include_usage": true },
            "messages": messages,
        })
    }
}

/// The events of one answer, ending with exactly one [`ChatEvent::Done`] or [`ChatEvent::Error`].
/// Dropping it closes the connection, which aborts the run and the provider's request at once.
pub type ChatStream = BoxStream<'static, ChatEvent>;

impl Gateway {
    /// Sends a message. Answers as soon as OpenClaw has accepted it; what goes wrong later is an event.
    /// Messages to one session are answered one after the other.
    ///
    /// # Errors
    /// [`UpstreamError`]; [`crate::Cause::never_sent`] says whether the agent cannot have taken it.
    pub async fn chat(&self, request: ChatRequest<'_>) -> Result<ChatStream, UpstreamError> {
        let mut http = self.completion(request.agent, Some(request.session)).json(&request.body());
        if let Some(model) = request.model {
            http = http.header("x-openclaw-model", model);
        }
        let response = open(http).await?;
        let frames = frames(response, LARGEST_EVENT, IDLE);
        let start = (frames, ChatDecoder::default(), VecDeque::new());
        let events = stream::unfold(start, |(mut frames, mut decoder, mut ready)| async move {
            while ready.is_empty() {
                if decoder.ended() {
                    return None;
                }
                match frames.next().await {
                    Some(Ok(frame)) => decoder.take(&frame.data, &mut ready),
                    Some(Err(error)) => decoder.broke(error, &mut ready),
                    None => decoder.closed(&mut ready),
                }
            }
            ready.pop_front().map(|event| (event, (frames, decoder, ready)))
        });
        Ok(events.boxed())
    }
}
