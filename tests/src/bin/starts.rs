//! `make bench-start`: how long a message waits for a container that sleeps, and whose time that is.
//!
//! Owns the measurement; the processes are the harness's. Prints Markdown. Each round goes through the same person's
//! container: asleep with a message that waits, started early with and without the warm-up, awake, and paused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on has nothing better to do than to say so and stop"
)]

use serde_json::{Value, json};
use std::time::Duration;
use tests::{Mosaic, Options, Person, eventually};
use tokio::time::{Instant, sleep};

/// How often. `STARTS` makes it fewer for a try.
fn rounds() -> usize {
    std::env::var("STARTS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(10)
}

/// The real OpenClaw, or with `AGENT=stub` the stand-in, for a try.
fn options() -> Options {
    if std::env::var("AGENT").is_ok_and(|agent| agent == "stub") {
        Options::default()
    } else {
        Options::real()
    }
}

/// A start with a message that waits, in milliseconds.
#[derive(sqlx::FromRow)]
struct Start {
    /// From the message until the engine is told: ours.
    told: f64,
    /// From there until OpenClaw answers anything: the engine's, and the process's own start.
    boot: f64,
    /// From there until it is ready: OpenClaw's.
    load: f64,
    /// From there until the message is sent: ours.
    sent: f64,
}

#[derive(Default)]
struct Seen {
    starts: Vec<Start>,
    /// Milliseconds until the first token of a message that …
    waited: Vec<f64>,
    cold: Vec<f64>,
    warm: Vec<f64>,
    awake: Vec<f64>,
    paused: Vec<f64>,
}

#[tokio::main]
async fn main() {
    let mosaic = Mosaic::start_with(options()).await;
    let person = mosaic.onboarded().await;
    sql(&mosaic, "update schedules set enabled = false").await;
    set(&person, json!({ "wakeEarly": false, "idleTimeoutMinutes": 0, "pauseAfterSeconds": 60 })).await;
    // The first start makes network, volume and state; what is measured are the later ones.
    first_token(&person).await;
    let mut seen = Seen::default();
    for round in 1..=rounds() {
        let began = Instant::now();
        asleep(&mosaic, &person).await;
        let waited = first_token(&person).await;
        seen.starts.push(start(&mosaic).await);
        seen.waited.push(waited);
        seen.awake.push(first_token(&person).await);
        lane(&person, "pause").await;
        started_early(&mosaic, &person).await;
        seen.cold.push(first_token(&person).await);
        lane(&person, "resume").await;
        warmed_up(&mosaic, "what was asked for in vain is over").await;
        started_early(&mosaic, &person).await;
        warmed_up(&mosaic, "it is warm").await;
        seen.warm.push(first_token(&person).await);
        paused(&mosaic, &person).await;
        seen.paused.push(first_token(&person).await);
        eprintln!("round {round}: {:.0} s", began.elapsed().as_secs_f64());
    }
    print(&seen);
}

/// Milliseconds from sending a message until the first word of its answer.
async fn first_token(person: &Person) -> f64 {
    let chat = person.chat().await;
    let began = Instant::now();
    let turn = person.ask(&chat, "hello").await;
    let mut events = person.follow(&turn, 0).await;
    let first = loop {
        let event = events.next().await.unwrap();
        match event.kind.as_str() {
            "delta" => break began.elapsed().as_secs_f64() * 1000.0,
            "error" => panic!("not answered: {}", event.data),
            _ => {}
        }
    };
    assert_eq!(person.finished(&turn).await["status"], "done");
    first
}

async fn asleep(mosaic: &Mosaic, person: &Person) {
    assert_eq!(person.post("/api/container/stop", &json!({})).await.status, 202);
    observed(person, "stopped").await;
    // What the machine still has to do for that is not the next start's.
    settle(mosaic).await;
}

async fn started_early(mosaic: &Mosaic, person: &Person) {
    asleep(mosaic, person).await;
    assert_eq!(person.post("/api/container/start", &json!({})).await.status, 202);
    observed(person, "ready").await;
}

/// No warm-up waits or runs.
async fn warmed_up(mosaic: &Mosaic, what: &str) {
    eventually(what, || async {
        let open = "select exists (select from jobs where kind = 'warm-up' and finished_at is null)";
        let open: bool = sqlx::query_scalar(open).fetch_one(&mosaic.database.pool).await.unwrap();
        (!open).then_some(())
    })
    .await;
    let failed = "select count(*) from jobs where kind = 'warm-up' and state not in ('done', 'cancelled')";
    let failed: i64 = sqlx::query_scalar(failed).fetch_one(&mosaic.database.pool).await.unwrap();
    assert_eq!(failed, 0, "warm-ups that failed");
}

/// As if nobody had used it for two minutes.
async fn paused(mosaic: &Mosaic, person: &Person) {
    let earlier = "update user_containers set last_used_at = now() - interval '2 minutes',
                       stage_since = now() - interval '2 minutes', ready_at = now() - interval '2 minutes'";
    sql(mosaic, earlier).await;
    sql(mosaic, "update turns set finished_at = now() - interval '2 minutes'").await;
    // What stands in the agent's own sessions is younger: they are not to be found.
    sql(mosaic, "update chats set agent_id = null").await;
    assert_eq!(person.post("/api/schedules/reap-idle/run", &json!({})).await.status, 202);
    observed(person, "paused").await;
    settle(mosaic).await;
}

async fn observed(person: &Person, state: &str) {
    eventually(&format!("the container is {state}"), || async {
        let container = person.get("/api/container").await.body["container"].clone();
        (container["observed"] == state).then_some(())
    })
    .await;
}

async fn settle(mosaic: &Mosaic) {
    eventually("no job runs", || async {
        let busy = "select exists (select from jobs where state = 'running')";
        let busy: bool = sqlx::query_scalar(busy).fetch_one(&mosaic.database.pool).await.unwrap();
        (!busy).then_some(())
    })
    .await;
    sleep(Duration::from_secs(1)).await;
}

async fn lane(admin: &Person, verb: &str) {
    let done = admin.post(&format!("/api/lanes/maintenance/{verb}"), &json!({})).await;
    assert!(done.status < 300, "{:?}", done.body);
}

async fn set(admin: &Person, changes: Value) {
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let done = admin.patch_with("/api/settings", &changes, &[("If-Match", &version)]).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
}

async fn sql(mosaic: &Mosaic, statement: &str) {
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mosaic.database.pool).await.unwrap();
}

/// What the last turn's wait was made of. One that was ready at the first look has no phase of loading.
async fn start(mosaic: &Mosaic) -> Start {
    let sql = "with t as (select * from turns order by created_at desc limit 1),
                    p as (select name, min(started_at) as at from job_phases
                          where job_id = (select start_job from user_containers) group by name),
                    at as (select (select at from p where name = 'boot') as boot,
                                  coalesce((select at from p where name = 'load'), (select at from p where name = 'ready')) as load,
                                  (select at from p where name = 'ready') as ready)
               select (extract(epoch from at.boot - t.created_at) * 1000)::float8 as told,
                      (extract(epoch from at.load - at.boot) * 1000)::float8 as boot,
                      (extract(epoch from at.ready - at.load) * 1000)::float8 as load,
                      (extract(epoch from t.sent_at - at.ready) * 1000)::float8 as sent
               from t cross join at";
    sqlx::query_as(sql).fetch_one(&mosaic.database.pool).await.unwrap()
}

fn print(seen: &Seen) {
    let starts = |part: fn(&Start) -> f64| seen.starts.iter().map(part).collect::<Vec<_>>();
    let answer: Vec<f64> = (seen.starts.iter().zip(&seen.waited))
        .map(|(start, whole)| whole - start.told - start.boot - start.load - start.sent)
        .collect();
    println!("| asleep, a message waits ({} starts), ms | p50 | p95 |", seen.starts.len());
    println!("|---|---|---|");
    line("ours: message sent → engine told to start", &starts(|start| start.told));
    line("engine and process: until OpenClaw answers", &starts(|start| start.boot));
    line("OpenClaw: loading until ready", &starts(|start| start.load));
    line("ours: ready → message passed on", &starts(|start| start.sent));
    line("OpenClaw: its first chat, until the first token", &answer);
    line("**message → first token**", &seen.waited);
    line("**our own share**", &starts(|start| start.told + start.sent));
    println!();
    println!("| message → first token, ms | p50 | p95 |");
    println!("|---|---|---|");
    line("asleep", &seen.waited);
    line("started early, not warmed up", &seen.cold);
    line("started early, warmed up", &seen.warm);
    line("awake and used before", &seen.awake);
    line("paused", &seen.paused);
}

fn line(what: &str, values: &[f64]) {
    println!("| {what} | {:.0} | {:.0} |", quantile(values, 0.5), quantile(values, 0.95));
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
