//! `make bench-fleet`: everybody's first message within one second, each needing a container that is not there yet.
//!
//! Owns the measurement; the processes are the harness's. Prints Markdown, and fails where an answer is missing or
//! there is not exactly one container for each.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on has nothing better to do than to say so and stop"
)]

use futures_util::{StreamExt, stream};
use std::time::Duration;
use tests::{Mosaic, Options, Person};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

/// Who sends a first message. `RUSH_PEOPLE` makes it fewer for a try.
fn people() -> usize {
    number("RUSH_PEOPLE").unwrap_or(100)
}

/// Starts that a worker has in hand at once: `RUSH_AT_ONCE`, or as usual.
fn at_once() -> usize {
    number("RUSH_AT_ONCE").unwrap_or(Options::default().starts_at_once)
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Within so long.
const RUSH: Duration = Duration::from_secs(1);
/// Where workers are killed, one so often.
const BETWEEN_KILLS: Duration = Duration::from_secs(2);

/// Whether workers live.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Live,
    OneKilledEveryTwoSeconds,
}

#[tokio::main]
async fn main() {
    println!(
        "| workers | everybody answered s | message → first token s: p50 | p95 | p99 | in line s: p50 | p99 | engine and boot s: p50 | p99 | all else ms: p50 | p95 | p99 | answered | containers | killed |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for workers in [1, 2, 4] {
        rush(workers, Fate::Live).await;
    }
    for workers in [2, 4] {
        rush(workers, Fate::OneKilledEveryTwoSeconds).await;
    }
}

async fn rush(workers: usize, fate: Fate) {
    let mut mosaic =
        Mosaic::start_with(Options { workers, starts_at_once: at_once(), ..Options::default() }).await;
    let admin = mosaic.onboarded().await;
    // Nobody is awake before he asks.
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let asleep = serde_json::json!({ "wakeEarly": false });
    assert_eq!(admin.patch_with("/api/settings", &asleep, &[("If-Match", &version)]).await.status, 200);
    let crowd: Vec<(Person, String)> = stream::iter(0..people())
        .map(|number| {
            let mosaic = &mosaic;
            async move {
                let person = mosaic.equipped(&format!("person{number}")).await;
                let chat = person.chat().await;
                (person, chat)
            }
        })
        .buffered(8)
        .collect()
        .await;

    let began = Instant::now();
    let mut asking = JoinSet::new();
    for (number, (person, chat)) in crowd.into_iter().enumerate() {
        let at = began + RUSH.mul_f64(number as f64 / people() as f64);
        asking.spawn(async move {
            sleep_until(at).await;
            first_token(&person, &chat).await
        });
    }
    let (mut first, mut killed, mut next) = (Vec::new(), 0, 0);
    let mut kill = Instant::now() + BETWEEN_KILLS;
    while !asking.is_empty() {
        tokio::select! {
            Some(seen) = asking.join_next() => first.extend(seen.unwrap()),
            () = sleep_until(kill), if fate == Fate::OneKilledEveryTwoSeconds => {
                // The oldest; another one takes its place.
                mosaic.kill_worker(next);
                mosaic.start_worker();
                (next, killed) = (next + 1, killed + 1);
                kill = Instant::now() + BETWEEN_KILLS;
            }
        }
    }
    let whole = began.elapsed();
    // Networks and volumes are one for each, too.
    let (containers, networks, volumes) = mosaic.objects().await;
    let parts = parts(&mosaic).await;
    print(workers, whole, &mut first, &parts, containers, killed);
    assert_eq!(first.len(), people(), "everybody is answered");
    assert_eq!([containers, networks, volumes], [people(); 3], "containers, networks, volumes");
    sleep(Duration::from_secs(1)).await;
}

/// Seconds from sending the message until the first word of its answer; nothing when there was none.
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

/// What a start is made of, in seconds for each: until a worker took it, and what the engine and the agent's own boot
/// took then.
#[derive(sqlx::FromRow)]
struct Part {
    in_line: f64,
    engine_and_boot: f64,
    whole: f64,
}

/// From the rows: the turn was stored, its job enqueued, taken for the last time, the container ready, the first event
/// behind it stored.
async fn parts(mosaic: &Mosaic) -> Vec<Part> {
    let sql = "select extract(epoch from taken.at - t.created_at)::float8 as in_line,
                      extract(epoch from c.ready_at - taken.at)::float8 as engine_and_boot,
                      extract(epoch from t.finished_at - t.created_at)::float8 as whole
               from turns t join user_containers c on c.user_id = t.user_id
               cross join lateral (
                   select min(p.started_at) as at from job_phases p where p.job_id = c.start_job
                   and p.attempt = (select max(attempt) from job_phases q where q.job_id = c.start_job)) taken
               where taken.at is not null and c.ready_at is not null and t.finished_at is not null";
    sqlx::query_as(sql).fetch_all(&mosaic.database.pool).await.unwrap()
}

fn print(
    workers: usize,
    whole: Duration,
    first: &mut [f64],
    parts: &[Part],
    containers: usize,
    killed: usize,
) {
    let line: Vec<f64> = parts.iter().map(|part| part.in_line).collect();
    let engine: Vec<f64> = parts.iter().map(|part| part.engine_and_boot).collect();
    let rest: Vec<f64> =
        parts.iter().map(|part| (part.whole - part.in_line - part.engine_and_boot) * 1000.0).collect();
    println!(
        "| {workers} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} | {:.2} | {:.0} | {:.0} | {:.0} | {} of {} | {containers} | {killed} |",
        whole.as_secs_f64(),
        quantile(first, 0.5),
        quantile(first, 0.95),
        quantile(first, 0.99),
        quantile(&line, 0.5),
        quantile(&line, 0.99),
        quantile(&engine, 0.5),
        quantile(&engine, 0.99),
        quantile(&rest, 0.5),
        quantile(&rest, 0.95),
        quantile(&rest, 0.99),
        first.len(),
        people(),
    );
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
