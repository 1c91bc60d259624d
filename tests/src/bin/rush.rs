//! `make bench-fleet`: the first messages of many users within one second, each of which needs a new container.
//!
//! Prints Markdown, and fails if an answer is missing or if there is not exactly one container per user.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement that cannot continue reports the error and stops"
)]

use futures_util::{StreamExt, stream};
use std::time::Duration;
use tests::{Mosaic, Options, Person};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

/// The number of users. `RUSH_PEOPLE` sets a smaller one for a quick run.
fn user_count() -> usize {
    number_from_env("RUSH_PEOPLE").unwrap_or(100)
}

/// How many containers a worker starts at once: `RUSH_AT_ONCE`, or the default.
fn starts_at_once() -> usize {
    number_from_env("RUSH_AT_ONCE").unwrap_or(Options::default().starts_at_once)
}

fn number_from_env(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The time within which all messages are sent.
const SEND_WINDOW: Duration = Duration::from_secs(1);
/// The time between two kills of a worker.
const KILL_INTERVAL: Duration = Duration::from_secs(2);

/// Whether workers are killed during the measurement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kills {
    None,
    OneWorkerEveryTwoSeconds,
}

#[tokio::main]
async fn main() {
    println!(
        "| workers | all answered s | message → first token s: p50 | p95 | p99 | queued s: p50 | p99 | engine and boot s: p50 | p99 | rest ms: p50 | p95 | p99 | answered | containers | killed |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for workers in [1, 2, 4] {
        measure(workers, Kills::None).await;
    }
    for workers in [2, 4] {
        measure(workers, Kills::OneWorkerEveryTwoSeconds).await;
    }
}

async fn measure(workers: usize, kills: Kills) {
    let mut mosaic =
        Mosaic::start_with(Options { workers, starts_at_once: starts_at_once(), ..Options::default() }).await;
    let admin = mosaic.onboarded().await;
    // No container starts before its user's message.
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let no_early_start = serde_json::json!({ "wakeEarly": false });
    assert_eq!(
        admin.patch_with("/api/settings", &no_early_start, &[("If-Match", &version)]).await.status,
        200
    );
    let users: Vec<(Person, String)> = stream::iter(0..user_count())
        .map(|number| {
            let mosaic = &mosaic;
            async move {
                let person = mosaic.user_with_agent(&format!("person{number}")).await;
                let chat = person.create_chat().await;
                (person, chat)
            }
        })
        .buffered(8)
        .collect()
        .await;

    let began = Instant::now();
    let mut asking = JoinSet::new();
    for (number, (person, chat)) in users.into_iter().enumerate() {
        let at = began + SEND_WINDOW.mul_f64(number as f64 / user_count() as f64);
        asking.spawn(async move {
            sleep_until(at).await;
            first_token(&person, &chat).await
        });
    }
    let (mut first, mut killed, mut next) = (Vec::new(), 0, 0);
    let mut kill = Instant::now() + KILL_INTERVAL;
    while !asking.is_empty() {
        tokio::select! {
            Some(seconds) = asking.join_next() => first.extend(seconds.unwrap()),
            () = sleep_until(kill), if kills == Kills::OneWorkerEveryTwoSeconds => {
                // The oldest worker; a new one replaces it.
                mosaic.kill_worker(next);
                mosaic.start_worker();
                (next, killed) = (next + 1, killed + 1);
                kill = Instant::now() + KILL_INTERVAL;
            }
        }
    }
    let whole = began.elapsed();
    // One network and one volume per user, too.
    let (containers, networks, volumes) = mosaic.count_objects().await;
    let parts = parts(&mosaic).await;
    print(workers, whole, &mut first, &parts, containers, killed);
    assert_eq!(first.len(), user_count(), "all users are answered");
    assert_eq!([containers, networks, volumes], [user_count(); 3], "containers, networks, volumes");
    sleep(Duration::from_secs(1)).await;
}

/// Seconds from sending the message until the first token of its answer; `None` if there was no answer.
async fn first_token(person: &Person, chat: &str) -> Option<f64> {
    let began = Instant::now();
    let turn = person.ask(chat, "[[stub:tokens=3,gap=5]]").await;
    let mut events = person.follow(&turn, 0).await;
    while let Some(event) = events.next().await {
        match event.kind.as_str() {
            "delta" => return Some(began.elapsed().as_secs_f64()),
            "error" => {
                eprintln!("not answered: {}", event.data);
                return None;
            }
            _ => {}
        }
    }
    None
}

/// The parts of a turn's time, in seconds: until a worker claimed the start, the engine and the agent's boot, and the
/// whole.
#[derive(sqlx::FromRow)]
struct Breakdown {
    queued: f64,
    engine_and_boot: f64,
    whole: f64,
}

/// Reads the times from the rows: turn created, start job claimed for the last time, container ready, turn finished.
async fn parts(mosaic: &Mosaic) -> Vec<Breakdown> {
    let sql = "select extract(epoch from claimed.at - t.created_at)::float8 as queued,
                      extract(epoch from c.ready_at - claimed.at)::float8 as engine_and_boot,
                      extract(epoch from t.finished_at - t.created_at)::float8 as whole
               from turns t join user_containers c on c.user_id = t.user_id
               cross join lateral (
                   select min(p.started_at) as at from job_phases p where p.job_id = c.start_job
                   and p.attempt = (select max(attempt) from job_phases q where q.job_id = c.start_job)) claimed
               where claimed.at is not null and c.ready_at is not null and t.finished_at is not null";
    sqlx::query_as(sql).fetch_all(&mosaic.database.pool).await.unwrap()
}

fn print(
    workers: usize,
    whole: Duration,
    first: &mut [f64],
    parts: &[Breakdown],
    containers: usize,
    killed: usize,
) {
    let queued: Vec<f64> = parts.iter().map(|part| part.queued).collect();
    let engine: Vec<f64> = parts.iter().map(|part| part.engine_and_boot).collect();
    let rest: Vec<f64> =
        parts.iter().map(|part| (part.whole - part.queued - part.engine_and_boot) * 1000.0).collect();
    println!(
        "| {workers} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} | {:.2} | {:.0} | {:.0} | {:.0} | {} of {} | {containers} | {killed} |",
        whole.as_secs_f64(),
        quantile(first, 0.5),
        quantile(first, 0.95),
        quantile(first, 0.99),
        quantile(&queued, 0.5),
        quantile(&queued, 0.99),
        quantile(&engine, 0.5),
        quantile(&engine, 0.99),
        quantile(&rest, 0.5),
        quantile(&rest, 0.95),
        quantile(&rest, 0.99),
        first.len(),
        user_count(),
    );
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
