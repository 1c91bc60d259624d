//! How many ask at once, and what they see.

use crate::{
    ask::{self, Answer, Seen, Way},
    world::World,
};
use reqwest::Client;
use std::{sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

/// Over this long the streams of one round arrive.
const ARRIVAL: Duration = Duration::from_secs(2);
/// A round that takes longer is cut: what has not come by then counts as failed.
const LONGEST: Duration = Duration::from_secs(45);

/// A load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Streams open at once.
    pub streams: usize,
    /// How often that is repeated.
    pub rounds: usize,
    /// What each asks for: longer than the arrival takes, so that all are open together.
    pub answer: Answer,
}

impl Load {
    /// One after the other; the ways take turns, so that a change of the machine's mood meets all.
    pub const ALONE: Self = Self { streams: 1, rounds: 200, answer: Answer { tokens: 5, gap: 5 } };
    /// As many as a busy office.
    pub const MANY: Self = Self { streams: 200, rounds: 3, answer: Answer { tokens: 50, gap: 50 } };
    /// Ten for each person.
    pub const CROWD: Self = Self { streams: 1000, rounds: 1, answer: Answer { tokens: 15, gap: 200 } };
}

/// What came of a load on one way.
#[derive(Debug)]
pub struct Outcome {
    /// Which.
    pub way: Way,
    /// First bytes in microseconds, sorted.
    pub first: Vec<u64>,
    /// Chunks in microseconds, sorted.
    pub chunks: Vec<u64>,
    /// Streams that failed, and why the first of them did.
    pub failed: (usize, Option<String>),
    /// Processor time of the proxy per stream, in milliseconds.
    pub cpu: Option<f64>,
}

/// Puts the load on every way.
pub async fn measure(world: &Arc<World>, load: &Load) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = Way::ALL.map(Outcome::of).into();
    for _ in 0..load.rounds {
        for outcome in &mut outcomes {
            let before = world.cpu(outcome.way);
            round(world, load, outcome).await;
            outcome.cpu = before.zip(world.cpu(outcome.way)).map(|(before, after)| {
                outcome.cpu.unwrap_or_default()
                    + (after - before) * 1000.0 / (load.streams * load.rounds) as f64
            });
        }
    }
    for outcome in &mut outcomes {
        outcome.first.sort_unstable();
        outcome.chunks.sort_unstable();
    }
    outcomes
}

async fn round(world: &Arc<World>, load: &Load, outcome: &mut Outcome) {
    let (way, answer) = (outcome.way, load.answer);
    // Its own connections: none may have been closed from idleness meanwhile.
    let client = if load.streams == 1 { world.client.clone() } else { Client::new() };
    let began = Instant::now();
    let mut streams = JoinSet::new();
    for number in 0..load.streams {
        let (world, client) = (Arc::clone(world), client.clone());
        let at = began + ARRIVAL.mul_f64(number as f64 / load.streams as f64);
        streams.spawn(async move {
            sleep_until(at).await;
            let asked =
                async { ask::ask(&world, &client, way, number, answer).await?.rest(answer.tokens).await };
            timeout(LONGEST, asked).await.unwrap_or_else(|_| Err("cut".to_owned()))
        });
    }
    while let Some(seen) = streams.join_next().await {
        outcome.take(seen.unwrap());
    }
    // What ends behind the answer (a turn is stored) must not meet the next.
    sleep(if load.streams == 1 { Duration::from_millis(5) } else { Duration::from_millis(500) }).await;
}

impl Outcome {
    const fn of(way: Way) -> Self {
        Self { way, first: Vec::new(), chunks: Vec::new(), failed: (0, None), cpu: None }
    }

    fn take(&mut self, seen: Result<Seen, String>) {
        match seen {
            Ok(seen) => {
                self.first.push(seen.first);
                self.chunks.extend(seen.chunks);
            }
            Err(why) => {
                self.failed.0 += 1;
                self.failed.1.get_or_insert(why);
            }
        }
    }
}

/// Streams that are held open to see what they weigh.
const HELD: usize = 1000;
/// They say one thing and fall silent.
const SILENT: Answer = Answer { tokens: 2, gap: 60_000 };

/// Bytes of the API's memory per open and idle stream. To be asked of a process that is fresh.
pub async fn memory(world: &World, way: Way) -> u64 {
    let client = Client::new();
    for number in 0..50 {
        let answer = Answer { tokens: 1, gap: 0 };
        ask::ask(world, &client, way, number, answer).await.unwrap().rest(1).await.unwrap();
    }
    drop(client);
    let before = world.mosaic_memory();
    let client = Client::new();
    let mut open = Vec::with_capacity(HELD);
    // In chats of their own, which are busy from then on. One after the other: what a crowd that arrives at once needs for a moment is not what a stream weighs.
    for number in HELD..2 * HELD {
        let mut receiving = ask::ask(world, &client, way, number, SILENT).await.unwrap();
        receiving.first().await.unwrap();
        open.push(receiving);
    }
    sleep(Duration::from_millis(500)).await;
    world.mosaic_memory().saturating_sub(before) / HELD as u64
}
