//! How many clients send messages at once, and the measured times.

use crate::{
    ask::{self, Answer, AnswerTiming},
    environment::Environment,
    route::Route,
};
use reqwest::Client;
use std::{sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

/// The streams of one round start evenly within this time.
const ARRIVAL_PERIOD: Duration = Duration::from_secs(2);
/// A stream that takes longer is cut off and counts as failed.
const MAX_STREAM_DURATION: Duration = Duration::from_secs(45);

#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Streams open at once.
    pub streams: usize,
    pub rounds: usize,
    /// Longer than the arrival period, so that all streams are open at once.
    pub answer: Answer,
}

impl Load {
    /// One after the other. The routes take turns, so that other load on the machine affects all alike.
    pub const SINGLE: Self = Self { streams: 1, rounds: 200, answer: Answer { tokens: 5, gap_millis: 5 } };
    /// As many as in a busy office.
    pub const OFFICE: Self = Self { streams: 200, rounds: 3, answer: Answer { tokens: 50, gap_millis: 50 } };
    /// Ten for each user.
    pub const PEAK: Self = Self { streams: 1000, rounds: 1, answer: Answer { tokens: 15, gap_millis: 200 } };
}

/// The results of a load on one route.
#[derive(Debug)]
pub struct LoadResult {
    pub route: Route,
    /// Sorted.
    pub first_byte_micros: Vec<u64>,
    /// Sorted.
    pub chunk_micros: Vec<u64>,
    /// Streams that failed, and why the first of them did.
    pub failed: (usize, Option<String>),
    /// Processor time of the proxy per stream.
    pub cpu_millis: Option<f64>,
}

/// Runs the load on every route.
pub async fn measure(environment: &Arc<Environment>, load: &Load) -> Vec<LoadResult> {
    let mut results: Vec<LoadResult> = Route::ALL.map(LoadResult::new).into();
    for _ in 0..load.rounds {
        for result in &mut results {
            let before = environment.cpu_secs(result.route);
            run_round(environment, load, result).await;
            result.cpu_millis = before.zip(environment.cpu_secs(result.route)).map(|(before, after)| {
                result.cpu_millis.unwrap_or_default()
                    + (after - before) * 1000.0 / (load.streams * load.rounds) as f64
            });
        }
    }
    for result in &mut results {
        result.first_byte_micros.sort_unstable();
        result.chunk_micros.sort_unstable();
    }
    results
}

async fn run_round(environment: &Arc<Environment>, load: &Load, result: &mut LoadResult) {
    let (route, answer) = (result.route, load.answer);
    // New connections, because idle ones may have been closed.
    let client = if load.streams == 1 { environment.client.clone() } else { Client::new() };
    let began = Instant::now();
    let mut streams = JoinSet::new();
    for number in 0..load.streams {
        let (environment, client) = (Arc::clone(environment), client.clone());
        let at = began + ARRIVAL_PERIOD.mul_f64(number as f64 / load.streams as f64);
        streams.spawn(async move {
            sleep_until(at).await;
            let asked = async {
                ask::ask(&environment, &client, route, number, answer).await?.read_rest(answer.tokens).await
            };
            timeout(MAX_STREAM_DURATION, asked).await.unwrap_or_else(|_| Err("cut off".to_owned()))
        });
    }
    while let Some(timing) = streams.join_next().await {
        result.add(timing.unwrap());
    }
    // Work after the answer (storing the turn) must not overlap with the next round.
    sleep(if load.streams == 1 { Duration::from_millis(5) } else { Duration::from_millis(500) }).await;
}

impl LoadResult {
    const fn new(route: Route) -> Self {
        Self {
            route,
            first_byte_micros: Vec::new(),
            chunk_micros: Vec::new(),
            failed: (0, None),
            cpu_millis: None,
        }
    }

    fn add(&mut self, timing: Result<AnswerTiming, String>) {
        match timing {
            Ok(timing) => {
                self.first_byte_micros.push(timing.first_byte_micros);
                self.chunk_micros.extend(timing.chunk_micros);
            }
            Err(why) => {
                self.failed.0 += 1;
                self.failed.1.get_or_insert(why);
            }
        }
    }
}

/// Streams that stay open to measure their memory.
const OPEN_STREAMS: usize = 1000;
/// One token, then silence.
const SILENT_ANSWER: Answer = Answer { tokens: 2, gap_millis: 60_000 };

/// Bytes of the API's memory per open and idle stream, in a process that has just started.
pub async fn memory_per_stream(environment: &Environment, route: Route) -> u64 {
    let client = Client::new();
    for number in 0..50 {
        let answer = Answer { tokens: 1, gap_millis: 0 };
        ask::ask(environment, &client, route, number, answer).await.unwrap().read_rest(1).await.unwrap();
    }
    drop(client);
    let before = environment.mosaic_memory_bytes();
    let client = Client::new();
    let mut open = Vec::with_capacity(OPEN_STREAMS);
    // In chats of their own, which are busy from then on. One after the other, because streams that start at once need
    // more memory for a moment.
    for number in OPEN_STREAMS..2 * OPEN_STREAMS {
        let mut stream = ask::ask(environment, &client, route, number, SILENT_ANSWER).await.unwrap();
        stream.read_first().await.unwrap();
        open.push(stream);
    }
    sleep(Duration::from_millis(500)).await;
    environment.mosaic_memory_bytes().saturating_sub(before) / OPEN_STREAMS as u64
}
