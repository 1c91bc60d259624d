//! Chats that go on while servers are killed or replaced, and a report on every message.
//!
//! Compares what was sent, what was streamed, what is stored and what the provider was asked. It does not know what
//! happens to the servers meanwhile.

use crate::{Event, Events, Person, answer_text, eventually, eventually_within};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use stub_llm::ReceivedRequest;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};

/// About three seconds of streaming.
const TOKENS: usize = 60;
/// For one attempt of a request. It is then repeated: a connection that dies with its server may leave it without an answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// For the next event of a stream, which is then opened again. Two starts of a real agent take less.
const EVENT_TIMEOUT: Duration = Duration::from_secs(90);
/// For a turn. It is as patient as [`Person::wait_for_turn`].
const TURN_TIMEOUT: Duration = Duration::from_secs(480);

/// One message and its answer.
struct SentMessage {
    question: String,
    turn_id: String,
    /// The turn as stored when it had ended.
    turn: Value,
    /// The text that the stream's events added up to.
    streamed: String,
    retries: usize,
    reconnects: usize,
    sent_at: Instant,
    time_to_first_token: Option<Duration>,
}

/// One chat, read again after its last message.
struct FinishedChat {
    messages: Vec<SentMessage>,
    chat: Value,
}

/// Chats that go on until [`ChatLoad::stop`].
pub struct ChatLoad {
    stop: Arc<AtomicBool>,
    tokens: Arc<Mutex<Vec<Instant>>>,
    running: JoinSet<FinishedChat>,
}

impl ChatLoad {
    /// Starts `chats_each` chats for each of these people. In each chat one message follows the other.
    pub async fn start(people: &[Person], chats_each: usize) -> Self {
        let mut load = Self { stop: Arc::default(), tokens: Arc::default(), running: JoinSet::new() };
        for number in 0..people.len() * chats_each {
            let person = people[number % people.len()].clone();
            let (stop, tokens) = (Arc::clone(&load.stop), Arc::clone(&load.tokens));
            let chat = person.create_chat().await;
            load.running.spawn(async move { run_chat(&person, &chat, number, &stop, &tokens).await });
        }
        load
    }

    /// When pieces of an answer arrived until now, in any of the chats.
    pub fn token_times(&self) -> Vec<Instant> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets every chat finish its message and returns the report. `provider_requests` is called after the last message: it
    /// returns everything that the provider was asked.
    pub async fn stop(self, provider_requests: impl FnOnce() -> Vec<ReceivedRequest>) -> ChatReport {
        self.stop.store(true, Relaxed);
        let chats = self.running.join_all().await;
        ChatReport::of(&chats, &provider_requests())
    }
}

async fn run_chat(
    person: &Person,
    chat: &str,
    number: usize,
    stop: &AtomicBool,
    tokens: &Mutex<Vec<Instant>>,
) -> FinishedChat {
    let mut messages = Vec::new();
    while !stop.load(Relaxed) {
        let question = format!("heron {number} {}:", messages.len());
        let sent_at = Instant::now();
        let (turn_id, retries) =
            send(person, chat, &format!("{question} [[llm:tokens={TOKENS},gap=50]]")).await;
        let mut time_to_first_token = None;
        let (events, reconnects) = follow(person, &turn_id, || {
            time_to_first_token.get_or_insert_with(|| sent_at.elapsed());
            tokens.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
        })
        .await;
        messages.push(SentMessage {
            turn: wait_for_turn(person, &turn_id).await,
            streamed: answer_text(&events),
            question,
            turn_id,
            retries,
            reconnects,
            sent_at,
            time_to_first_token,
        });
    }
    let path = format!("/api/chats/{chat}");
    let chat = eventually("the chat can be read", || {
        attempt(person.request(Method::GET, &path), async |response| {
            response.json().await.ok().filter(|chat: &Value| chat["turns"].is_array())
        })
    })
    .await;
    FinishedChat { messages, chat }
}

/// Sends a message until it is accepted, under one idempotency key. Returns the turn's id and the number of retries.
async fn send(person: &Person, chat: &str, text: &str) -> (String, usize) {
    let (path, key) = (format!("/api/chats/{chat}/turns"), uuid::Uuid::now_v7().to_string());
    let mut attempts = 0;
    let turn_id = eventually("the message is accepted", || {
        attempts += 1;
        let request = person.request(Method::POST, &path).header("Idempotency-Key", &key);
        attempt(request.json(&json!({ "text": text })), async |response| {
            if response.status().is_server_error() {
                return None;
            }
            assert_eq!(response.status(), 202, "{:?}", response.text().await);
            let turn: Value = response.json().await.ok()?;
            Some(turn["turnId"].as_str().unwrap().to_owned())
        })
    })
    .await;
    (turn_id, attempts - 1)
}

async fn wait_for_turn(person: &Person, turn_id: &str) -> Value {
    let path = format!("/api/turns/{turn_id}");
    eventually_within(TURN_TIMEOUT, "the turn ends", || {
        attempt(person.request(Method::GET, &path), async |response| {
            let turn: Value = response.json().await.ok()?;
            let ended = !matches!(turn["status"].as_str()?, "pending" | "running");
            ended.then_some(turn)
        })
    })
    .await
}

/// Sends a request once; `None` if there was no usable response in time.
async fn attempt<T, F: Future<Output = Option<T>>>(
    request: RequestBuilder,
    read: impl FnOnce(Response) -> F,
) -> Option<T> {
    timeout(ATTEMPT_TIMEOUT, async { read(request.send().await.ok()?).await }).await.ok()?
}

/// Follows a turn to its end and reconnects if the stream breaks. Calls `on_token` when a piece of the answer arrives.
/// Returns all events and the number of reconnects.
async fn follow(person: &Person, turn_id: &str, mut on_token: impl FnMut()) -> (Vec<Event>, usize) {
    let path = format!("/api/turns/{turn_id}/events");
    let (mut seen, mut connections) = (Vec::<Event>::new(), 0);
    while !seen.last().is_some_and(|event| matches!(event.kind.as_str(), "done" | "error")) {
        let last = seen.iter().map(|event| event.id).max().unwrap_or(0);
        let response = eventually("the turn can be followed", || {
            let request = person.request(Method::GET, &path).header("Last-Event-ID", last.to_string());
            attempt(request, async |response| (response.status() == 200).then_some(response))
        })
        .await;
        connections += 1;
        let mut events = Events::new(response);
        while let Ok(Some(event)) = timeout(EVENT_TIMEOUT, events.next()).await {
            if matches!(event.kind.as_str(), "delta" | "snapshot") {
                on_token();
            }
            seen.push(event);
        }
    }
    (seen, connections - 1)
}

/// What became of all messages.
#[derive(Default)]
pub struct ChatReport {
    /// Number of messages sent.
    pub sent: usize,
    /// Number of messages by final status.
    pub by_status: BTreeMap<String, usize>,
    /// One line for each message that was accepted and then lost: it is not in its chat, its answer is not complete
    /// although it is `done`, or it is not the answer that was streamed.
    pub lost: Vec<String>,
    /// One line for each message that the provider was asked more than once, or that is in its chat more than once.
    pub doubled: Vec<String>,
    /// Number of times that a message was sent again under its idempotency key.
    pub retries: usize,
    /// Number of streams that broke and were opened again.
    pub reconnects: usize,
    /// For each message, when it was sent and how long its first token took.
    pub times_to_first_token: Vec<(Instant, Duration)>,
}

impl ChatReport {
    fn of(chats: &[FinishedChat], requests: &[ReceivedRequest]) -> Self {
        let mut report = Self::default();
        for chat in chats {
            chat.messages.iter().for_each(|message| report.add_message(message, requests));
            report.compare_with_stored_chat(chat);
        }
        report
    }

    fn add_message(&mut self, message: &SentMessage, requests: &[ReceivedRequest]) {
        let SentMessage { question, turn, streamed, .. } = message;
        self.sent += 1;
        self.retries += message.retries;
        self.reconnects += message.reconnects;
        self.times_to_first_token.extend(message.time_to_first_token.map(|time| (message.sent_at, time)));
        let status = turn["status"].as_str().unwrap_or("no status");
        let code = turn["error"]["code"].as_str().map(|code| format!(" ({code})")).unwrap_or_default();
        *self.by_status.entry(format!("{status}{code}")).or_default() += 1;

        let asked = requests.iter().filter(|request| request.text.contains(question.as_str())).count();
        if asked > 1 {
            self.doubled.push(format!("`{question}`: the provider was asked {asked} times: {turn}"));
        }
        let answer = turn["answer"].as_str().unwrap_or_default();
        if status == "done" && (asked == 0 || answer.trim() != complete_answer()) {
            self.lost.push(format!(
                "`{question}`: done, but the answer is not complete (the provider was asked {asked} times): {turn}"
            ));
        }
        if streamed != answer {
            self.lost.push(format!("`{question}`: the stream was {streamed:?}, the stored turn is {turn}"));
        }
    }

    fn compare_with_stored_chat(&mut self, FinishedChat { messages, chat }: &FinishedChat) {
        let turns: Vec<&Value> = chat["turns"].as_array().into_iter().flatten().collect();
        let mut stored_ids = BTreeSet::new();
        for turn in &turns {
            if !stored_ids.insert(turn["id"].as_str().unwrap_or_default()) {
                self.doubled.push(format!("in its chat more than once: {turn}"));
            }
        }
        for message in messages {
            match turns.iter().find(|turn| turn["id"] == message.turn_id.as_str()) {
                None => self.lost.push(format!("`{}`: not in its chat", message.question)),
                Some(turn) if turn["answer"] != message.turn["answer"] => {
                    self.lost.push(format!("`{}`: the answer has changed: {turn}", message.question));
                }
                Some(_) => {}
            }
        }
        let sent_ids: BTreeSet<&str> = messages.iter().map(|message| message.turn_id.as_str()).collect();
        for turn in turns.iter().filter(|turn| !sent_ids.contains(turn["id"].as_str().unwrap_or_default())) {
            self.doubled.push(format!("in the chat, but not sent under this id: {turn}"));
        }
    }

    /// Number of messages with this status, whatever their error code.
    pub fn with_status(&self, status: &str) -> usize {
        let matching = self.by_status.iter().filter(|(key, _)| key.split(' ').next() == Some(status));
        matching.map(|(_, count)| count).sum()
    }

    /// Panics if a message was lost or doubled.
    pub fn assert_nothing_lost_or_doubled(&self) {
        let problems: Vec<&str> = self.lost.iter().chain(&self.doubled).map(String::as_str).collect();
        assert!(
            problems.is_empty(),
            "lost: {}, doubled: {}\n{}",
            self.lost.len(),
            self.doubled.len(),
            problems.join("\n")
        );
    }
}

/// The answer to every message if nothing of it is missing.
fn complete_answer() -> String {
    (0..TOKENS).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ")
}
