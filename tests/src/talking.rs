//! Chats that go on while servers come and go, and what became of every message.
//!
//! Owns asking, following and the comparison of what was sent, what was seen, what is stored and what the provider was
//! asked. Who breaks or exchanges the servers meanwhile is not known here.

use crate::{Event, Events, Person, eventually, text};
use reqwest::Method;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use stub_llm::Received;
use tokio::{task::JoinSet, time::Instant};

/// Some three seconds of streaming.
const TOKENS: usize = 60;

/// What became of one message.
pub struct Told {
    question: String,
    id: String,
    turn: Value,
    /// The text that the stream's events added up to.
    seen: String,
    vain: usize,
    broken: usize,
    /// When it was first sent, and how long its first word took.
    sent: Instant,
    first_word: Option<Duration>,
}

/// One chat, read again when everybody had stopped talking.
struct Talk {
    told: Vec<Told>,
    chat: Value,
}

/// Chats that go on until [`Talks::end`].
pub struct Talks {
    over: Arc<AtomicBool>,
    words: Arc<Mutex<Vec<Instant>>>,
    running: JoinSet<Talk>,
}

impl Talks {
    /// `each` chats for each of these people, in which one message follows the other.
    pub async fn begin(people: &[Person], each: usize) -> Self {
        let mut talks = Self { over: Arc::default(), words: Arc::default(), running: JoinSet::new() };
        for number in 0..people.len() * each {
            let person = people[number % people.len()].clone();
            let (over, words) = (Arc::clone(&talks.over), Arc::clone(&talks.words));
            let chat = person.chat().await;
            talks.running.spawn(async move { talk(&person, &chat, number, &over, &words).await });
        }
        talks
    }

    /// When words came, in any of the chats, until now.
    pub fn words(&self) -> Vec<Instant> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets every chat finish its message; answers with what became of all of them. `asked` is called when no message
    /// is on its way any more: all that the provider was asked.
    pub async fn end(self, asked: impl FnOnce() -> Vec<Received>) -> Tally {
        self.over.store(true, Relaxed);
        let talks = self.running.join_all().await;
        Tally::of(&talks, &asked())
    }
}

/// One message after the other until it is over.
async fn talk(
    person: &Person,
    chat: &str,
    number: usize,
    over: &AtomicBool,
    words: &Mutex<Vec<Instant>>,
) -> Talk {
    let mut told = Vec::new();
    while !over.load(Relaxed) {
        let question = format!("heron {number} {}:", told.len());
        let sent = Instant::now();
        let asking = format!("{question} [[llm:tokens={TOKENS},gap=50]]");
        let (id, vain) = person.ask_stubbornly(chat, &asking).await;
        let mut first_word = None;
        let (events, broken) = follow(person, &id, || {
            first_word.get_or_insert_with(|| sent.elapsed());
            words.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
        })
        .await;
        let turn = person.finished(&id).await;
        told.push(Told { question, id, turn, seen: text(&events), vain, broken, sent, first_word });
    }
    let chat = eventually("the chat can be read", || async {
        let reply = person.request(Method::GET, &format!("/api/chats/{chat}")).send().await.ok()?;
        reply.json::<Value>().await.ok().filter(|chat| chat["turns"].is_array())
    })
    .await;
    Talk { told, chat }
}

/// Follows a turn to its end, from where it was whenever the stream breaks; calls `word` at each piece of the answer as
/// it comes. Answers with all events and how often the stream broke.
async fn follow(person: &Person, turn: &str, mut word: impl FnMut()) -> (Vec<Event>, usize) {
    let path = format!("/api/turns/{turn}/events");
    let (mut seen, mut opened) = (Vec::<Event>::new(), 0);
    while !seen.last().is_some_and(|event| matches!(event.kind.as_str(), "done" | "error")) {
        let last = seen.iter().map(|event| event.id).max().unwrap_or(0);
        let response = eventually("the turn can be followed", || {
            let request = person.request(Method::GET, &path).header("Last-Event-ID", last.to_string());
            async { request.send().await.ok().filter(|response| response.status() == 200) }
        })
        .await;
        opened += 1;
        let mut events = Events::new(response);
        while let Some(event) = events.next().await {
            if matches!(event.kind.as_str(), "delta" | "snapshot") {
                word();
            }
            seen.push(event);
        }
    }
    (seen, opened - 1)
}

/// What became of all messages. One that is missing or doubled has a line that says which.
pub struct Tally {
    /// How many were sent.
    pub sent: usize,
    /// How many ended in which way.
    pub ends: BTreeMap<String, usize>,
    /// Taken by the server, and not there afterwards, or not with what was asked and answered.
    pub lost: Vec<String>,
    /// Asked more than once, or there more than once.
    pub doubled: Vec<String>,
    /// Sendings that were repeated under their key.
    pub repeated: usize,
    /// Streams that broke and were taken up again.
    pub taken_up: usize,
    /// Of each message when it was sent, and how long its first word took.
    pub first_words: Vec<(Instant, Duration)>,
}

impl Tally {
    fn of(talks: &[Talk], asked: &[Received]) -> Self {
        let mut tally = Self {
            sent: 0,
            ends: BTreeMap::new(),
            lost: Vec::new(),
            doubled: Vec::new(),
            repeated: 0,
            taken_up: 0,
            first_words: Vec::new(),
        };
        for talk in talks {
            talk.told.iter().for_each(|told| tally.count(told, asked));
            tally.compare(talk);
        }
        tally
    }

    /// One message, as its person and the provider saw it.
    fn count(&mut self, told: &Told, asked: &[Received]) {
        let Told { question, turn, seen, .. } = told;
        self.sent += 1;
        self.repeated += told.vain;
        self.taken_up += told.broken;
        self.first_words.extend(told.first_word.map(|after| (told.sent, after)));
        let status = turn["status"].as_str().unwrap_or("without a status");
        let code = turn["error"]["code"].as_str().map(|code| format!(" ({code})")).unwrap_or_default();
        *self.ends.entry(format!("{status}{code}")).or_default() += 1;

        let times = asked.iter().filter(|request| request.text.contains(question.as_str())).count();
        if times > 1 {
            self.doubled.push(format!("`{question}` was asked {times} times: {turn}"));
        }
        let answer = turn["answer"].as_str().unwrap_or_default();
        if status == "done" && (times == 0 || answer.trim() != whole()) {
            self.lost.push(format!("`{question}` is done, was asked {times} times, and this is all: {turn}"));
        }
        if seen != answer {
            self.lost.push(format!("`{question}`: what was seen is not what is stored: {seen:?} {turn}"));
        }
    }

    /// A chat as it is stored, beside what was sent there.
    fn compare(&mut self, talk: &Talk) {
        let turns: Vec<&Value> = talk.chat["turns"].as_array().into_iter().flatten().collect();
        let mut stored = BTreeSet::new();
        for turn in &turns {
            if !stored.insert(turn["id"].as_str().unwrap_or_default()) {
                self.doubled.push(format!("stored twice: {turn}"));
            }
        }
        let sent: BTreeSet<&str> = talk.told.iter().map(|told| told.id.as_str()).collect();
        for told in &talk.told {
            let turn = turns.iter().find(|turn| turn["id"] == told.id.as_str());
            match turn {
                None => self.lost.push(format!("`{}` is not in its chat", told.question)),
                Some(turn) if turn["answer"] != told.turn["answer"] => {
                    self.lost.push(format!("`{}` has another answer now: {turn}", told.question));
                }
                Some(_) => {}
            }
        }
        for turn in turns.iter().filter(|turn| !sent.contains(turn["id"].as_str().unwrap_or_default())) {
            self.doubled.push(format!("stored, and sent by nobody under that id: {turn}"));
        }
    }

    /// How many ended with that status, whatever its code.
    pub fn ended(&self, status: &str) -> usize {
        let of_status = self.ends.iter().filter(|(end, _)| end.split(' ').next() == Some(status));
        of_status.map(|(_, count)| count).sum()
    }

    /// Fails where a message is lost or doubled, and says which.
    pub fn require_whole(&self) {
        let wrong: Vec<&str> = self.lost.iter().chain(&self.doubled).map(String::as_str).collect();
        assert!(
            wrong.is_empty(),
            "lost: {}, doubled: {}\n{}",
            self.lost.len(),
            self.doubled.len(),
            wrong.join("\n")
        );
    }
}

/// An answer to the end.
fn whole() -> String {
    (0..TOKENS).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ")
}
