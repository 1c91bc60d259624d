//! One run: a user message, what the agent does with it, its answer. Runs of one session wait for
//! each other. Dropping the run's future stops it: what was committed stays, the rest is lost.

mod failure;
mod transcript;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;

use crate::config::{Config, ModelRef};
use crate::gateway::Gateway;
use crate::logs;
use crate::session::Session;
use crate::trigger::{Instead, TokensSay, Trigger};
use crate::upstream::{self, Line, Piece, Prompt, ToolCall, Trouble, Usage};
pub use failure::Failure;

/// The model id that needs no provider.
const ECHO: &str = "stub-echo";
/// What an imitated tool takes.
const TOOL_MILLIS: u64 = 300;
/// A model that calls tools for ever is stopped here.
const MAX_ROUNDS: usize = 8;
/// As after a kill by the kernel.
const KILLED: i32 = 137;

/// Everything a run needs.
#[derive(Debug)]
pub struct Turn {
    /// The shared state.
    pub gateway: Arc<Gateway>,
    /// The config in force when the request came.
    pub config: Arc<Config>,
    /// Where it is said.
    pub session: Arc<Session>,
    /// Who answers.
    pub agent: String,
    /// `chatcmpl_…`.
    pub run_id: String,
    /// The user's clean text.
    pub text: String,
    /// Tools that the caller would run itself.
    pub client_tools: Vec<Value>,
}

/// What the caller sees of a run.
#[derive(Debug)]
pub enum Event {
    /// A piece of the answer.
    Text(String),
    /// Calls of the caller's own tools.
    Calls(Vec<ToolCall>),
    /// The good end.
    Done(Done),
    /// The bad end.
    Failed(Failure),
}

/// How a run ended well.
#[derive(Debug)]
pub struct Done {
    /// Token counts of all its model calls.
    pub usage: Usage,
    /// `stop` or `tool_calls`.
    pub reason: &'static str,
}

/// Runs a turn to its end, telling `events`.
pub async fn run(turn: Turn, events: Sender<Event>) {
    let _mine = turn.session.turn().await;
    let mut run = Run { turn: &turn, events: &events, spoken: String::new(), usage: Usage::default() };
    let end = match run.answer().await {
        Ok(reason) => Event::Done(Done { usage: run.usage, reason }),
        Err(failure) => {
            // The failure itself is the news; a full disk cannot make it worse.
            drop(turn.session.commit(transcript::failed(&turn, &failure.message)));
            Event::Failed(failure)
        }
    };
    // The receiver may be gone: then nobody waits for the end.
    drop(events.send(end).await);
}

struct Run<'a> {
    turn: &'a Turn,
    events: &'a Sender<Event>,
    spoken: String,
    usage: Usage,
}

impl Run<'_> {
    async fn answer(&mut self) -> Result<&'static str, Failure> {
        let turn = self.turn;
        let said = turn.session.read().map_err(|_| Failure::internal())?;
        let mut lines: Vec<_> = said.iter().filter_map(transcript::remembered).collect();
        lines.push(Line::User(transcript::wrapped(turn)));
        self.store(transcript::user(turn))?;

        let trigger = Trigger::find(&turn.text);
        let told = self.obey(&trigger).await?;
        let models = turn.config.agents.get(&turn.agent);
        let models = models.map_or(&[][..], Vec::as_slice);
        if let Some(count) = trigger.tokens {
            let word = |n| match trigger.tokens_say {
                TokensSay::Number => format!("w{n} "),
                TokensSay::Time => format!("{} ", chrono::Utc::now().timestamp_micros()),
            };
            return self.recite((0..count).map(word), trigger.gap).await;
        }
        if models.first().is_some_and(|model| model.model == ECHO) {
            let echo = told.unwrap_or_else(|| format!("echo: {}", turn.text));
            let words = echo.split_inclusive(' ').map(str::to_owned);
            return self.recite(words, trigger.gap).await;
        }
        self.ask(models, &mut lines).await
    }

    /// Does what the text scripts before any answer; returns what a scripted tool told.
    async fn obey(&mut self, trigger: &Trigger) -> Result<Option<String>, Failure> {
        tokio::time::sleep(trigger.delay).await;
        match trigger.instead {
            Some(Instead::Hang) => std::future::pending().await,
            Some(Instead::Die) => std::process::exit(KILLED),
            None => {}
        }
        if let Some(status) = trigger.error {
            return Err(Trouble::scripted(status).into());
        }
        let Some(name) = trigger.tool.clone() else {
            return Ok(None);
        };
        let id = format!("call_{}", uuid::Uuid::now_v7());
        let args = json!({"command": "true"}).to_string();
        let result = self.imitate(&ToolCall { id, name, args }).await?;
        Ok(Some(format!("The tool said: {result}")))
    }

    /// An answer without a provider. Each word is made when it is due; behind each comes the gap.
    async fn recite(
        &mut self,
        words: impl Iterator<Item = String>,
        gap: Duration,
    ) -> Result<&'static str, Failure> {
        let mut output = 0;
        for word in words {
            output += 1;
            self.say(word).await;
            if !gap.is_zero() {
                tokio::time::sleep(gap).await;
            }
        }
        let input = self.turn.text.split_whitespace().count() as u64;
        self.usage.add(Usage { input, output });
        self.commit_answer("stub", ECHO)?;
        Ok("stop")
    }

    /// Asks the models in their order until one answers; one that has begun to speak is the last.
    async fn ask(&mut self, models: &[ModelRef], lines: &mut Vec<Line>) -> Result<&'static str, Failure> {
        let mut last = Failure::internal();
        for model in models {
            match self.ask_one(model, lines).await {
                Ok(reason) => return Ok(reason),
                Err(failure) => last = failure,
            }
            if !self.spoken.is_empty() {
                break;
            }
        }
        Err(last)
    }

    async fn ask_one(
        &mut self,
        ModelRef { provider: id, model }: &ModelRef,
        lines: &mut Vec<Line>,
    ) -> Result<&'static str, Failure> {
        let turn = self.turn;
        if turn.gateway.is_parked(id) {
            return Err(Failure::parked(id));
        }
        let provider = turn.config.providers.get(id).ok_or_else(Failure::internal)?;
        for _ in 0..MAX_ROUNDS {
            let prompt = Prompt {
                system: format!("You are a personal assistant running inside OpenClaw: {}", turn.agent),
                lines,
                client_tools: &turn.client_tools,
            };
            let reply = upstream::ask(provider, model, &prompt).await;
            let calls = self.listen(reply).await.map_err(|trouble| {
                if trouble.is_refused_key() {
                    turn.gateway.park(id);
                }
                Failure::from(trouble)
            })?;
            if calls.is_empty() {
                self.commit_answer(id, model)?;
                return Ok("stop");
            }
            if calls.iter().any(|call| self.is_clients(call)) {
                drop(self.events.send(Event::Calls(calls)).await);
                return Ok("tool_calls");
            }
            for call in calls {
                let (id, text) = (call.id.clone(), self.imitate(&call).await?);
                lines.extend([Line::Call(call), Line::Result { id, text }]);
            }
        }
        Err(Failure::internal())
    }

    /// Passes a model's answer on; returns the tools that it wants called.
    async fn listen(&mut self, reply: Result<upstream::Reply, Trouble>) -> Result<Vec<ToolCall>, Trouble> {
        let mut reply = reply?;
        let mut calls = Vec::new();
        while let Some(piece) = reply.next().await? {
            match piece {
                Piece::Text(text) => self.say(text).await,
                Piece::Call(call) => calls.push(call),
                Piece::Usage(usage) => self.usage.add(usage),
            }
        }
        Ok(calls)
    }

    async fn say(&mut self, text: String) {
        self.spoken.push_str(&text);
        // A gone receiver also drops this future; nothing to do here.
        drop(self.events.send(Event::Text(text)).await);
    }

    /// Commits a tool call and its result, in the time a tool takes. Nothing is run.
    async fn imitate(&self, call: &ToolCall) -> Result<String, Failure> {
        self.store(transcript::tool_call(self.turn, call))?;
        tokio::time::sleep(Duration::from_millis(TOOL_MILLIS)).await;
        let result = format!("stub result of {} {}", call.name, transcript::arguments(call));
        self.store(transcript::tool_result(self.turn, call, &result, TOOL_MILLIS))?;
        Ok(result)
    }

    fn is_clients(&self, call: &ToolCall) -> bool {
        let mut tools = self.turn.client_tools.iter();
        tools.any(|tool| tool["function"]["name"] == call.name.as_str())
    }

    fn commit_answer(&self, provider: &str, model: &str) -> Result<(), Failure> {
        logs::reply(&self.spoken);
        let model = (provider, model);
        self.store(transcript::answer(self.turn, &self.spoken, model, self.usage))
    }

    fn store(&self, message: Value) -> Result<(), Failure> {
        self.turn.session.commit(message).map_err(|_| Failure::internal())
    }
}
