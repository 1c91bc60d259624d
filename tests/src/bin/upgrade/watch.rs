//! For how long no answer was to be had: by requests one after the other, and by the words of all chats.

use std::{
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

const BETWEEN_REQUESTS: Duration = Duration::from_millis(50);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// A part of the test, with a name.
pub struct Phase {
    name: &'static str,
    began: Instant,
    ended: Instant,
}

impl Phase {
    /// Does it.
    pub async fn of(name: &'static str, work: impl Future<Output = ()>) -> Self {
        let began = Instant::now();
        work.await;
        Self { name, began, ended: Instant::now() }
    }

    fn covers(&self, moment: Instant) -> bool {
        self.began <= moment && moment < self.ended
    }

    /// The longest time between two neighbours of these, of those that touch this phase.
    fn longest_gap(&self, moments: &[Instant]) -> Duration {
        let gaps = moments.windows(2).filter(|pair| pair[1] >= self.began && pair[0] < self.ended);
        gaps.map(|pair| pair[1] - pair[0]).max().unwrap_or(self.ended - self.began)
    }
}

/// Requests that a signed-in browser sends one after the other.
pub struct Probe {
    over: Arc<AtomicBool>,
    running: JoinHandle<Requests>,
}

/// When they were answered as they should be, and when not.
#[derive(Default)]
pub struct Requests {
    answered: Vec<Instant>,
    in_vain: Vec<Instant>,
}

impl Probe {
    /// As this person.
    pub fn begin(person: &Person) -> Self {
        let (person, over) = (person.clone(), Arc::new(AtomicBool::default()));
        let until = Arc::clone(&over);
        let running = tokio::spawn(async move {
            let mut requests = Requests::default();
            while !until.load(Relaxed) {
                let request = person.request(reqwest::Method::GET, "/api/auth/me").timeout(REQUEST_TIMEOUT);
                match request.send().await {
                    Ok(response) if response.status() == 200 => requests.answered.push(Instant::now()),
                    _ => requests.in_vain.push(Instant::now()),
                }
                sleep(BETWEEN_REQUESTS).await;
            }
            requests
        });
        Self { over, running }
    }

    /// Stops.
    pub async fn end(self) -> Requests {
        self.over.store(true, Relaxed);
        self.running.await.unwrap()
    }
}

/// One line for each phase.
pub fn print(phases: &[Phase], requests: &Requests, words: &[Instant], first_words: &[(Instant, Duration)]) {
    println!(
        "| step | took s | requests answered | in vain | longest without an answered one s | longest without a word in any chat s | message → first word s: p50 | longest |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for phase in phases {
        let within = |moments: &[Instant]| moments.iter().filter(|moment| phase.covers(**moment)).count();
        let mut first: Vec<f64> = first_words
            .iter()
            .filter(|(sent, _)| phase.covers(*sent))
            .map(|(_, after)| after.as_secs_f64())
            .collect();
        first.sort_by(f64::total_cmp);
        let shown = |found: Option<&f64>| found.map_or("–".to_owned(), |seconds| format!("{seconds:.2}"));
        println!(
            "| {} | {:.1} | {} | {} | {:.2} | {:.2} | {} | {} |",
            phase.name,
            (phase.ended - phase.began).as_secs_f64(),
            within(&requests.answered),
            within(&requests.in_vain),
            phase.longest_gap(&requests.answered).as_secs_f64(),
            phase.longest_gap(words).as_secs_f64(),
            shown(first.get(first.len() / 2)),
            shown(first.last()),
        );
    }
}
