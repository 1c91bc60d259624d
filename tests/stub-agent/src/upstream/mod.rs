//! The provider's side of a run: one prompt, one streamed answer, in the dialect that the config
//! names. One attempt only; what a failure means to the caller is `run`'s business.

mod anthropic;
mod connect;
mod openai_chat;
mod openai_responses;

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::config::{Api, Provider};
use connect::Events;

/// A tool call that a model made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolCall {
    /// The provider's id for it.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments as JSON text.
    pub args: String,
}

/// Token counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the prompt.
    pub input: u64,
    /// Of the answer.
    pub output: u64,
}

impl Usage {
    /// Counts another model call in.
    pub fn add(&mut self, more: Self) {
        self.input += more.input;
        self.output += more.output;
    }
}

/// One line of the conversation.
#[derive(Debug)]
pub enum Line {
    /// By the user.
    User(String),
    /// By the model.
    Assistant(String),
    /// A tool call of the model.
    Call(ToolCall),
    /// Its result.
    Result {
        /// The call's id.
        id: String,
        /// What came of it.
        text: String,
    },
}

/// What the model is told.
#[derive(Debug)]
pub struct Prompt<'a> {
    /// The system prompt.
    pub system: String,
    /// The conversation, the newest last.
    pub lines: &'a [Line],
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

/// What a provider sends.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Some of the answer.
    Text(String),
    /// A whole tool call.
    Call(ToolCall),
    /// The counts of this call.
    Usage(Usage),
}

/// Why a provider did not answer.
#[derive(Debug)]
pub enum Trouble {
    /// It refused.
    Status {
        /// The HTTP status.
        status: u16,
        /// Its own words.
        message: String,
        /// Seconds, as sent.
        retry_after: Option<String>,
    },
    /// No connection.
    Unreachable,
    /// The stream ended before its end.
    Broken,
    /// A dialect that the stand-in does not speak.
    Unspoken(String),
}

impl Trouble {
    /// As if a provider had answered with this status.
    pub fn scripted(status: u16) -> Self {
        Self::Status {
            status,
            message: "scripted by the test".to_owned(),
            retry_after: (status == 429).then(|| "2".to_owned()),
        }
    }

    /// Whether the key was refused: OpenClaw then leaves it alone for a minute.
    pub fn is_refused_key(&self) -> bool {
        matches!(self, Self::Status { status: 401 | 403, .. })
    }
}

/// A request in a dialect.
struct Request {
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

/// A wire format.
trait Dialect: Send {
    fn request(&self, key: &str, model: &str, prompt: &Prompt<'_>) -> Request;
    /// Reads one event, pushing what it says; true when it is the last one.
    fn read(&mut self, event: &Value, pieces: &mut VecDeque<Piece>) -> bool;
}

/// A streamed answer; dropping it cancels the provider's request.
pub struct Reply {
    dialect: Box<dyn Dialect>,
    events: Events,
    pieces: VecDeque<Piece>,
    ended: bool,
}

impl Reply {
    /// The next piece; `None` at the proper end.
    ///
    /// # Errors
    /// [`Trouble::Broken`] when the stream ends before that.
    pub async fn next(&mut self) -> Result<Option<Piece>, Trouble> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Ok(Some(piece));
            }
            if self.ended {
                return Ok(None);
            }
            let event = self.events.next().await?.ok_or(Trouble::Broken)?;
            self.ended = self.dialect.read(&event, &mut self.pieces);
        }
    }
}

/// Asks a provider.
///
/// # Errors
/// Every [`Trouble`] that shows before the answer begins.
pub async fn ask(provider: &Provider, model: &str, prompt: &Prompt<'_>) -> Result<Reply, Trouble> {
    let dialect: Box<dyn Dialect> = match &provider.api {
        Api::Completions => Box::new(openai_chat::OpenAiChat::default()),
        Api::Responses => Box::new(openai_responses::OpenAiResponses),
        Api::Messages => Box::new(anthropic::Anthropic::default()),
        Api::Other(name) => return Err(Trouble::Unspoken(name.clone())),
    };
    let request = dialect.request(&provider.key, model, prompt);
    let url = format!("{}{}", provider.base_url, request.path);
    let events = connect::post(&url, &request.headers, &request.body).await?;
    Ok(Reply { dialect, events, pieces: VecDeque::new(), ended: false })
}

/// A text inside an event; empty when absent.
fn text(event: &Value, pointer: &str) -> String {
    let found = event.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}
