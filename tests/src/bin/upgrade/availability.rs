//! Measures how long no answer could be had: by requests one after the other, and by the tokens of all chats.

use std::{
    collections::BTreeMap,
    error::Error,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tests::Person;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

const PROBE_INTERVAL: Duration = Duration::from_millis(50);
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// A part of the upgrade, with its duration.
pub struct Phase {
    name: &'static str,
    start: Instant,
    end: Instant,
}

impl Phase {
    /// Runs `work` and measures it.
    pub async fn measure(name: &'static str, work: impl Future<Output = ()>) -> Self {
        let start = Instant::now();
        work.await;
        Self { name, start, end: Instant::now() }
    }

    fn contains(&self, time: Instant) -> bool {
        self.start <= time && time < self.end
    }

    /// The longest time between two successive `times` that overlaps this phase.
    fn longest_gap(&self, times: &[Instant]) -> Duration {
        let gaps = times.windows(2).filter(|pair| pair[1] >= self.start && pair[0] < self.end);
        gaps.map(|pair| pair[1] - pair[0]).max().unwrap_or(self.end - self.start)
    }
}

/// Sends requests one after the other until [`Probe::stop`].
pub struct Probe {
    stop: Arc<AtomicBool>,
    running: JoinHandle<ProbeResult>,
}

/// The outcome of all requests.
#[derive(Default)]
pub struct ProbeResult {
    succeeded: Vec<Instant>,
    failed: Vec<(Instant, String)>,
}

impl Probe {
    /// Sends them with this person's session.
    pub fn start(person: &Person) -> Self {
        let stop = Arc::new(AtomicBool::default());
        let running = tokio::spawn(send_requests(person.clone(), Arc::clone(&stop)));
        Self { stop, running }
    }

    /// Stops and returns the result.
    pub async fn stop(self) -> ProbeResult {
        self.stop.store(true, Relaxed);
        self.running.await.unwrap()
    }
}

async fn send_requests(person: Person, stop: Arc<AtomicBool>) -> ProbeResult {
    let mut result = ProbeResult::default();
    while !stop.load(Relaxed) {
        let request = person.request(reqwest::Method::GET, "/api/auth/me").timeout(PROBE_TIMEOUT);
        match request.send().await {
            Ok(response) if response.status() == 200 => result.succeeded.push(Instant::now()),
            Ok(response) => {
                let status = response.status();
                let body = response.text().await.unwrap_or_default();
                result.failed.push((Instant::now(), format!("{status} {body}")));
            }
            Err(error) => result.failed.push((Instant::now(), root_cause(&error))),
        }
        sleep(PROBE_INTERVAL).await;
    }
    result
}

fn root_cause(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), root_cause)
}

/// Prints one row for each phase, and why requests failed.
pub fn print(
    phases: &[Phase],
    probe: &ProbeResult,
    token_times: &[Instant],
    times_to_first_token: &[(Instant, Duration)],
) {
    println!(
        "| step | took s | requests: succeeded | failed | longest without success s | longest without a token in any chat s | message → first token s: p50 | longest |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for phase in phases {
        let succeeded = probe.succeeded.iter().filter(|time| phase.contains(**time)).count();
        let failed = probe.failed.iter().filter(|(time, _)| phase.contains(*time)).count();
        let mut first_tokens: Vec<f64> = times_to_first_token
            .iter()
            .filter(|(sent_at, _)| phase.contains(*sent_at))
            .map(|(_, time)| time.as_secs_f64())
            .collect();
        first_tokens.sort_by(f64::total_cmp);
        let seconds = |value: Option<&f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}"));
        println!(
            "| {} | {:.1} | {succeeded} | {failed} | {:.2} | {:.2} | {} | {} |",
            phase.name,
            (phase.end - phase.start).as_secs_f64(),
            phase.longest_gap(&probe.succeeded).as_secs_f64(),
            phase.longest_gap(token_times).as_secs_f64(),
            seconds(first_tokens.get(first_tokens.len() / 2)),
            seconds(first_tokens.last()),
        );
    }
    for phase in phases {
        let mut reasons = BTreeMap::<&str, usize>::new();
        for (_, reason) in probe.failed.iter().filter(|(time, _)| phase.contains(*time)) {
            *reasons.entry(reason).or_default() += 1;
        }
        for (reason, count) in reasons {
            println!("\nFailed during {}: {count} × {reason}", phase.name);
        }
    }
}
