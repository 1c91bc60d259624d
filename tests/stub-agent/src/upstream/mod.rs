//! The provider's side of a run: one prompt, one streamed answer, in the wire format that the config
//! names. One attempt only; `run` decides what a failure means to the caller.

mod anthropic;
mod connect;
mod openai_chat;
mod openai_responses;

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::config::{Api, Provider};
use connect::EventReader;

/// A tool call that a model made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolCall {
    /// The provider's id for it.
    pub id: String,
    pub name: String,
    /// Its arguments as JSON text.
    pub args: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub input: u64,
    pub output: u64,
}

impl Usage {
    /// Adds the counts of another model call.
    pub fn add(&mut self, more: Self) {
        self.input += more.input;
        self.output += more.output;
    }
}

/// A message of the conversation.
#[derive(Debug)]
pub enum Message {
    User(String),
    Assistant(String),
    /// A tool call of the model.
    Call(ToolCall),
    Result {
        id: String,
        text: String,
    },
}

/// The input of a model call.
#[derive(Debug)]
pub struct Prompt<'a> {
    pub system: String,
    /// Oldest first.
    pub messages: &'a [Message],
    /// The caller's own tools, in OpenAI's form.
    pub client_tools: &'a [Value],
}

impl Prompt<'_> {
    /// Name and parameter schema of every tool: the agent's own and the caller's.
    fn tools(&self) -> Vec<(String, Value)> {
        let own = ["exec", "read"].map(|name| (name.to_owned(), json!({"type": "object"})));
        let clients = self.client_tools.iter().filter_map(|tool| {
            let function = &tool["function"];
            let name = function["name"].as_str()?.to_owned();
            Some((name, function["parameters"].clone()))
        });
        own.into_iter().chain(clients).collect()
    }
}

/// A part of a provider's answer.
#[derive(Debug, PartialEq, Eq)]
pub enum ReplyPart {
    /// Some of the text.
    Text(String),
    /// A whole tool call.
    Call(ToolCall),
    /// The counts of this call.
    Usage(Usage),
}

/// Why a provider did not answer.
#[derive(Debug)]
pub enum ProviderError {
    Status {
        status: u16,
        /// In the provider's words.
        message: String,
        /// Seconds, as sent.
        retry_after: Option<String>,
    },
    Unreachable,
    /// The stream broke off.
    Broken,
    /// A wire format that the stand-in does not support.
    Unsupported(String),
}

impl ProviderError {
    /// The error of a provider that answers with this status.
    pub fn scripted(status: u16) -> Self {
        Self::Status {
            status,
            message: "scripted by the test".to_owned(),
            retry_after: (status == 429).then(|| "2".to_owned()),
        }
    }

    /// Whether the key was refused. OpenClaw does not use it for a minute then.
    pub fn is_refused_key(&self) -> bool {
        matches!(self, Self::Status { status: 401 | 403, .. })
    }
}

/// A request in a wire format.
struct Request {
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

/// A wire format.
trait Dialect: Send {
    fn request(&self, key: &str, model: &str, prompt: &Prompt<'_>) -> Request;
    /// Parses one event into `parts`. Returns whether it is the last one.
    fn parse_event(&mut self, event: &Value, parts: &mut VecDeque<ReplyPart>) -> bool;
}

/// A streamed answer; dropping it cancels the provider's request.
pub struct ReplyStream {
    dialect: Box<dyn Dialect>,
    events: EventReader,
    parts: VecDeque<ReplyPart>,
    ended: bool,
}

impl ReplyStream {
    /// The next part; `None` at the regular end.
    ///
    /// # Errors
    /// [`ProviderError::Broken`] when the stream ends before that.
    pub async fn next(&mut self) -> Result<Option<ReplyPart>, ProviderError> {
        loop {
            if let Some(piece) = self.parts.pop_front() {
                return Ok(Some(piece));
            }
            if self.ended {
                return Ok(None);
            }
            let event = self.events.next().await?.ok_or(ProviderError::Broken)?;
            self.ended = self.dialect.parse_event(&event, &mut self.parts);
        }
    }
}

/// Asks a provider.
///
/// # Errors
/// Every [`ProviderError`] before the answer begins.
pub async fn ask(
    provider: &Provider,
    model: &str,
    prompt: &Prompt<'_>,
) -> Result<ReplyStream, ProviderError> {
    let dialect: Box<dyn Dialect> = match &provider.api {
        Api::Completions => Box::new(openai_chat::OpenAiChat::default()),
        Api::Responses => Box::new(openai_responses::OpenAiResponses),
        Api::Messages => Box::new(anthropic::Anthropic::default()),
        Api::Other(name) => return Err(ProviderError::Unsupported(name.clone())),
    };
    let request = dialect.request(&provider.key, model, prompt);
    let url = format!("{}{}", provider.base_url, request.path);
    let events = connect::post(&url, &request.headers, &request.body).await?;
    Ok(ReplyStream { dialect, events, parts: VecDeque::new(), ended: false })
}

/// A string inside an event, or an empty one.
fn text(event: &Value, pointer: &str) -> String {
    let found = event.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}
