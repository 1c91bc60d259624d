//! `make bench-start`: how long a message waits for a stopped container, and which part takes how long.
//!
//! Prints Markdown. Each round measures the same container: stopped with a waiting message, started early with and
//! without a warm-up, running, and paused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement that cannot continue reports the error and stops"
)]

use serde_json::{Value, json};
use std::time::Duration;
use tests::{Mosaic, Options, Person, eventually};
use tokio::time::{Instant, sleep};

/// The number of rounds. `STARTS` sets a smaller one for a quick run.
fn rounds() -> usize {
    std::env::var("STARTS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(10)
}

/// The real OpenClaw, or with `AGENT=stub` the stub, for a quick run.
fn options() -> Options {
    if std::env::var("AGENT").is_ok_and(|agent| agent == "stub") {
        Options::default()
    } else {
        Options::real()
    }
}

/// The parts of a start with a waiting message, in milliseconds.
#[derive(sqlx::FromRow)]
struct Start {
    /// Mosaic: from the message until the request to the engine.
    request: f64,
    /// Engine and process: until OpenClaw responds at all.
    boot: f64,
    /// OpenClaw: until it is ready.
    load: f64,
    /// Mosaic: until the message is sent to the agent.
    send: f64,
}

#[derive(Default)]
struct Measurements {
    starts: Vec<Start>,
    /// Milliseconds until the first token, with a stopped container.
    stopped: Vec<f64>,
    /// With a container that was started early, without a warm-up.
    not_warmed_up: Vec<f64>,
    /// With a container that was started early and warmed up.
    warmed_up: Vec<f64>,
    /// With a running container.
    running: Vec<f64>,
    /// With a paused container.
    paused: Vec<f64>,
}

#[tokio::main]
async fn main() {
    let mosaic = Mosaic::start_with(options()).await;
    let person = mosaic.onboarded().await;
    execute_sql(&mosaic, "update schedules set enabled = false").await;
    change_settings(&person, json!({ "wakeEarly": false, "idleTimeoutMinutes": 0, "pauseAfterSeconds": 60 }))
        .await;
    // The first start creates network, volume and state. Only later ones are measured.
    first_token(&person).await;
    let mut results = Measurements::default();
    for round in 1..=rounds() {
        let began = Instant::now();
        stop(&mosaic, &person).await;
        let waited = first_token(&person).await;
        results.starts.push(last_start(&mosaic).await);
        results.stopped.push(waited);
        results.running.push(first_token(&person).await);
        set_maintenance_lane(&person, "pause").await;
        start_early(&mosaic, &person).await;
        results.not_warmed_up.push(first_token(&person).await);
        set_maintenance_lane(&person, "resume").await;
        wait_for_warm_ups(&mosaic, "the earlier warm-up has ended").await;
        start_early(&mosaic, &person).await;
        wait_for_warm_ups(&mosaic, "the warm-up is done").await;
        results.warmed_up.push(first_token(&person).await);
        pause(&mosaic, &person).await;
        results.paused.push(first_token(&person).await);
        eprintln!("round {round}: {:.0} s", began.elapsed().as_secs_f64());
    }
    print(&results);
}

/// Milliseconds from sending a message until the first token of its answer.
async fn first_token(person: &Person) -> f64 {
    let chat = person.create_chat().await;
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
    assert_eq!(person.wait_for_turn(&turn).await["status"], "done");
    first
}

async fn stop(mosaic: &Mosaic, person: &Person) {
    assert_eq!(person.post("/api/container/stop", &json!({})).await.status, 202);
    wait_for_state(person, "stopped").await;
    // The rest of the stop must not count towards the next start.
    wait_until_no_job_runs(mosaic).await;
}

async fn start_early(mosaic: &Mosaic, person: &Person) {
    stop(mosaic, person).await;
    assert_eq!(person.post("/api/container/start", &json!({})).await.status, 202);
    wait_for_state(person, "ready").await;
}

/// Waits until no warm-up is queued or running.
async fn wait_for_warm_ups(mosaic: &Mosaic, what: &str) {
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

/// Pauses the container, which looks unused for two minutes.
async fn pause(mosaic: &Mosaic, person: &Person) {
    let earlier = "update user_containers set last_used_at = now() - interval '2 minutes',
                       stage_since = now() - interval '2 minutes', ready_at = now() - interval '2 minutes'";
    execute_sql(mosaic, earlier).await;
    execute_sql(mosaic, "update turns set finished_at = now() - interval '2 minutes'").await;
    // The agent's own sessions cannot be backdated, so chats are detached from them.
    execute_sql(mosaic, "update chats set agent_id = null").await;
    assert_eq!(person.post("/api/schedules/reap-idle/run", &json!({})).await.status, 202);
    wait_for_state(person, "paused").await;
    wait_until_no_job_runs(mosaic).await;
}

async fn wait_for_state(person: &Person, state: &str) {
    eventually(&format!("the container is {state}"), || async {
        let container = person.get("/api/container").await.body["container"].clone();
        (container["observed"] == state).then_some(())
    })
    .await;
}

async fn wait_until_no_job_runs(mosaic: &Mosaic) {
    eventually("no job runs", || async {
        let busy = "select exists (select from jobs where state = 'running')";
        let busy: bool = sqlx::query_scalar(busy).fetch_one(&mosaic.database.pool).await.unwrap();
        (!busy).then_some(())
    })
    .await;
    sleep(Duration::from_secs(1)).await;
}

async fn set_maintenance_lane(admin: &Person, verb: &str) {
    let done = admin.post(&format!("/api/lanes/maintenance/{verb}"), &json!({})).await;
    assert!(done.status < 300, "{:?}", done.body);
}

async fn change_settings(admin: &Person, changes: Value) {
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let done = admin.patch_with("/api/settings", &changes, &[("If-Match", &version)]).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
}

async fn execute_sql(mosaic: &Mosaic, statement: &str) {
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mosaic.database.pool).await.unwrap();
}

/// The parts of the last turn's waiting time. A container that was ready at the first probe has no loading phase.
async fn last_start(mosaic: &Mosaic) -> Start {
    let sql = "with t as (select * from turns order by created_at desc limit 1),
                    p as (select name, min(started_at) as at from job_phases
                          where job_id = (select start_job from user_containers) group by name),
                    at as (select (select at from p where name = 'boot') as boot,
                                  coalesce((select at from p where name = 'load'), (select at from p where name = 'ready')) as load,
                                  (select at from p where name = 'ready') as ready)
               select (extract(epoch from at.boot - t.created_at) * 1000)::float8 as request,
                      (extract(epoch from at.load - at.boot) * 1000)::float8 as boot,
                      (extract(epoch from at.ready - at.load) * 1000)::float8 as load,
                      (extract(epoch from t.sent_at - at.ready) * 1000)::float8 as send
               from t cross join at";
    sqlx::query_as(sql).fetch_one(&mosaic.database.pool).await.unwrap()
}

fn print(results: &Measurements) {
    let starts = |part: fn(&Start) -> f64| results.starts.iter().map(part).collect::<Vec<_>>();
    let answer: Vec<f64> = (results.starts.iter().zip(&results.stopped))
        .map(|(start, whole)| whole - start.request - start.boot - start.load - start.send)
        .collect();
    println!("| stopped, a message waits ({} starts), ms | p50 | p95 |", results.starts.len());
    println!("|---|---|---|");
    line("Mosaic: message sent → request to the engine", &starts(|start| start.request));
    line("engine and process: until OpenClaw responds", &starts(|start| start.boot));
    line("OpenClaw: loading until ready", &starts(|start| start.load));
    line("Mosaic: ready → message sent to the agent", &starts(|start| start.send));
    line("OpenClaw: its first chat, until the first token", &answer);
    line("**message → first token**", &results.stopped);
    line("**Mosaic's share**", &starts(|start| start.request + start.send));
    println!();
    println!("| message → first token, ms | p50 | p95 |");
    println!("|---|---|---|");
    line("stopped", &results.stopped);
    line("started early, not warmed up", &results.not_warmed_up);
    line("started early, warmed up", &results.warmed_up);
    line("running", &results.running);
    line("paused", &results.paused);
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
