//! One run: a user message, what the agent does with it, its answer. Runs of one session wait for
//! each other. Dropping the run's future stops it: committed messages stay, the rest is lost.

mod failure;
mod transcript;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;

use crate::config::{Config, ModelRef};
use crate::gateway::Gateway;
use crate::logs;
use crate::script::{Fault, Script, TokenText};
use crate::session::Session;
use crate::upstream::{self, Message, Prompt, ProviderError, ReplyPart, ToolCall, Usage};
pub use failure::RunFailure;

/// The model id that needs no provider.
const ECHO_MODEL: &str = "stub-echo";
const TOOL_DURATION_MS: u64 = 300;
/// A model that calls tools without an end is stopped here.
const MAX_TOOL_ROUNDS: usize = 8;
/// As after a kill by the kernel.
const EXIT_KILLED: i32 = 137;

/// Everything that a run needs.
#[derive(Debug)]
pub struct Turn {
    pub gateway: Arc<Gateway>,
    /// The config that was in force at the time of the request.
    pub config: Arc<Config>,
    pub session: Arc<Session>,
    /// The agent that answers.
    pub agent: String,
    /// `chatcmpl_…`.
    pub run_id: String,
    /// The user's text, without what OpenClaw adds for the model.
    pub text: String,
    /// Tools that the caller runs itself.
    pub client_tools: Vec<Value>,
}

/// What the caller sees of a run.
#[derive(Debug)]
pub enum RunEvent {
    /// A part of the answer.
    Text(String),
    /// Calls of the caller's own tools.
    Calls(Vec<ToolCall>),
    Done(Completion),
    Failed(RunFailure),
}

/// How a run ended without a failure.
#[derive(Debug)]
pub struct Completion {
    /// Token counts of all its model calls.
    pub usage: Usage,
    /// `stop` or `tool_calls`.
    pub reason: &'static str,
}

/// Runs a turn to its end and sends its events.
pub async fn run(turn: Turn, events: Sender<RunEvent>) {
    let _only_run_of_the_session = turn.session.lock_turn().await;
    let mut run = Run { turn: &turn, events: &events, answer: String::new(), usage: Usage::default() };
    let end = match run.run().await {
        Ok(reason) => RunEvent::Done(Completion { usage: run.usage, reason }),
        Err(failure) => {
            // The caller gets the first failure, so a second one while it is committed does not matter.
            drop(turn.session.commit(transcript::failed(&turn, &failure.message)));
            RunEvent::Failed(failure)
        }
    };
    // The receiver may have disconnected.
    drop(events.send(end).await);
}

struct Run<'a> {
    turn: &'a Turn,
    events: &'a Sender<RunEvent>,
    answer: String,
    usage: Usage,
}

impl Run<'_> {
    /// Returns the reason of the end.
    async fn run(&mut self) -> Result<&'static str, RunFailure> {
        let turn = self.turn;
        let earlier = turn.session.read_messages().map_err(|_| RunFailure::internal())?;
        let mut messages: Vec<_> = earlier.iter().filter_map(transcript::for_model).collect();
        messages.push(Message::User(transcript::wrapped(turn)));
        self.commit(transcript::user(turn))?;

        let script = Script::parse(&turn.text);
        let tool_text = self.run_script(&script).await?;
        let models = turn.config.agents.get(&turn.agent);
        let models = models.map_or(&[][..], Vec::as_slice);
        if let Some(count) = script.tokens {
            let word = |n| match script.token_text {
                TokenText::Number => format!("w{n} "),
                TokenText::Time => format!("{} ", chrono::Utc::now().timestamp_micros()),
            };
            return self.stream_words((0..count).map(word), script.gap).await;
        }
        if models.first().is_some_and(|model| model.model == ECHO_MODEL) {
            let echo = tool_text.unwrap_or_else(|| format!("echo: {}", turn.text));
            let words = echo.split_inclusive(' ').map(str::to_owned);
            return self.stream_words(words, script.gap).await;
        }
        self.ask_models(models, &mut messages).await
    }

    /// Does what the script wants before the answer. Returns the text of an answer about the scripted tool.
    async fn run_script(&mut self, script: &Script) -> Result<Option<String>, RunFailure> {
        tokio::time::sleep(script.delay).await;
        match script.fault {
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Die) => std::process::exit(EXIT_KILLED),
            None => {}
        }
        if let Some(status) = script.error {
            return Err(ProviderError::scripted(status).into());
        }
        let Some(name) = script.tool.clone() else {
            return Ok(None);
        };
        let id = format!("call_{}", uuid::Uuid::now_v7());
        let args = json!({"command": "true"}).to_string();
        let result = self.imitate_tool(&ToolCall { id, name, args }).await?;
        Ok(Some(format!("The tool said: {result}")))
    }

    /// An answer without a provider. Each word is made when it is sent, and the gap follows it.
    async fn stream_words(
        &mut self,
        words: impl Iterator<Item = String>,
        gap: Duration,
    ) -> Result<&'static str, RunFailure> {
        let mut output = 0;
        for word in words {
            output += 1;
            self.send_text(word).await;
            if !gap.is_zero() {
                tokio::time::sleep(gap).await;
            }
        }
        let input = self.turn.text.split_whitespace().count() as u64;
        self.usage.add(Usage { input, output });
        self.commit_answer("stub", ECHO_MODEL)?;
        Ok("stop")
    }

    /// Asks the models in their order until one answers. A model that failed in the middle of its answer is the last.
    async fn ask_models(
        &mut self,
        models: &[ModelRef],
        messages: &mut Vec<Message>,
    ) -> Result<&'static str, RunFailure> {
        let mut last = RunFailure::internal();
        for model in models {
            match self.ask_model(model, messages).await {
                Ok(reason) => return Ok(reason),
                Err(failure) => last = failure,
            }
            if !self.answer.is_empty() {
                break;
            }
        }
        Err(last)
    }

    async fn ask_model(
        &mut self,
        ModelRef { provider: id, model }: &ModelRef,
        messages: &mut Vec<Message>,
    ) -> Result<&'static str, RunFailure> {
        let turn = self.turn;
        if turn.gateway.is_parked(id) {
            return Err(RunFailure::parked(id));
        }
        let provider = turn.config.providers.get(id).ok_or_else(RunFailure::internal)?;
        for _ in 0..MAX_TOOL_ROUNDS {
            let prompt = Prompt {
                system: format!("You are a personal assistant running inside OpenClaw: {}", turn.agent),
                messages,
                client_tools: &turn.client_tools,
            };
            let reply = upstream::ask(provider, model, &prompt).await;
            let calls = self.forward_reply(reply).await.map_err(|error| {
                if error.is_refused_key() {
                    turn.gateway.park(id);
                }
                RunFailure::from(error)
            })?;
            if calls.is_empty() {
                self.commit_answer(id, model)?;
                return Ok("stop");
            }
            if calls.iter().any(|call| self.is_client_tool(call)) {
                drop(self.events.send(RunEvent::Calls(calls)).await);
                return Ok("tool_calls");
            }
            for call in calls {
                let (id, text) = (call.id.clone(), self.imitate_tool(&call).await?);
                messages.extend([Message::Call(call), Message::Result { id, text }]);
            }
        }
        Err(RunFailure::internal())
    }

    /// Forwards a model's answer. Returns its tool calls.
    async fn forward_reply(
        &mut self,
        reply: Result<upstream::ReplyStream, ProviderError>,
    ) -> Result<Vec<ToolCall>, ProviderError> {
        let mut reply = reply?;
        let mut calls = Vec::new();
        while let Some(part) = reply.next().await? {
            match part {
                ReplyPart::Text(text) => self.send_text(text).await,
                ReplyPart::Call(call) => calls.push(call),
                ReplyPart::Usage(usage) => self.usage.add(usage),
            }
        }
        Ok(calls)
    }

    async fn send_text(&mut self, text: String) {
        self.answer.push_str(&text);
        // When the receiver disconnects, this future is dropped too.
        drop(self.events.send(RunEvent::Text(text)).await);
    }

    /// Commits a tool call and its result, in the time that a tool takes. Nothing is executed.
    async fn imitate_tool(&self, call: &ToolCall) -> Result<String, RunFailure> {
        self.commit(transcript::tool_call(self.turn, call))?;
        tokio::time::sleep(Duration::from_millis(TOOL_DURATION_MS)).await;
        let result = format!("stub result of {} {}", call.name, transcript::arguments(call));
        self.commit(transcript::tool_result(self.turn, call, &result, TOOL_DURATION_MS))?;
        Ok(result)
    }

    fn is_client_tool(&self, call: &ToolCall) -> bool {
        let mut tools = self.turn.client_tools.iter();
        tools.any(|tool| tool["function"]["name"] == call.name.as_str())
    }

    fn commit_answer(&self, provider: &str, model: &str) -> Result<(), RunFailure> {
        logs::reply(&self.answer);
        let model = (provider, model);
        self.commit(transcript::answer(self.turn, &self.answer, model, self.usage))
    }

    fn commit(&self, message: Value) -> Result<(), RunFailure> {
        self.turn.session.commit(message).map_err(|_| RunFailure::internal())
    }
}
