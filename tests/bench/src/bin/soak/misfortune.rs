//! What happens to workers and database.

use crate::{Plan, prepared};
use chrono::{DateTime, TimeDelta, Utc};
use rand::seq::SliceRandom;
use sqlx::PgPool;
use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

/// Worker processes.
const WORKERS: usize = 4;
/// How long the database is frozen.
const FROZEN: Duration = Duration::from_secs(40);

/// A worker process, killed with its value.
struct Worker {
    id: Uuid,
    child: Child,
}

impl Worker {
    fn start() -> Self {
        let id = Uuid::now_v7();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["worker", &id.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { id, child }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // SIGKILL.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What was done to whom.
pub struct Suffered {
    /// When the database was away, from and to.
    pub outages: Vec<(&'static str, DateTime<Utc>, DateTime<Utc>)>,
    /// When which worker was killed.
    pub kills: Vec<(Uuid, DateTime<Utc>)>,
    _workers: Vec<Worker>,
}

/// Kills one worker after the other, all in random turn, restarts the database, freezes it and crashes it. The
/// workers that are left go on until the answer is dropped.
pub async fn inflict(plan: Plan, pool: &PgPool) -> Suffered {
    let database = tokio::spawn(disturb(plan));
    let end = Instant::now() + plan.length;
    let mut workers: Vec<Worker> = (0..WORKERS).map(|_| Worker::start()).collect();
    let mut kills = Vec::new();
    let mut turn: Vec<usize> = Vec::new();
    let mut next = Instant::now() + plan.kill_every;
    while next < end {
        sleep_until(next).await;
        next += plan.kill_every;
        if turn.is_empty() {
            turn = (0..WORKERS).collect();
            turn.shuffle(&mut rand::rng());
        }
        let victim = turn.pop().unwrap();
        kills.push((workers[victim].id, Utc::now()));
        workers[victim] = Worker::start();
    }
    let outages = database.await.unwrap();
    note(pool, &kills).await;
    Suffered { outages, kills, _workers: workers }
}

async fn note(pool: &PgPool, kills: &[(Uuid, DateTime<Utc>)]) {
    for (worker, at) in kills {
        sqlx::query("insert into kills (worker, at) values ($1, $2)")
            .bind(worker)
            .bind(at)
            .execute(pool)
            .await
            .unwrap();
    }
}

/// A restart after a fifth of the time, the freeze after two fifths, a crash (what was not on the disk is
/// forgotten) after four fifths.
async fn disturb(plan: Plan) -> Vec<(&'static str, DateTime<Utc>, DateTime<Utc>)> {
    let began = Instant::now();
    let mut outages = Vec::new();
    for (what, part) in [("restart", 0.2), ("frozen", 0.4), ("crash", 0.8)] {
        sleep_until(began + plan.length.mul_f64(part)).await;
        let from = Utc::now();
        match what {
            "restart" | "crash" => control(what),
            _ => {
                control("freeze");
                sleep(FROZEN.min(plan.length / 10)).await;
                control("thaw");
            }
        }
        println!("* {what}: {:.1} s", (Utc::now() - from).as_seconds_f64());
        outages.push((what, from, Utc::now()));
    }
    outages
}

fn control(what: &str) {
    let done = Command::new(prepared("SOAK_POSTGRES")).arg(what).stdout(Stdio::null()).status().unwrap();
    assert!(done.success(), "postgres: {what}");
}

impl Suffered {
    /// Whether the database was there from a moment until `patience` later, and long enough before it for
    /// everybody to hold good leases.
    pub fn calm(&self, at: DateTime<Utc>, patience: TimeDelta) -> bool {
        let before = TimeDelta::seconds(30);
        self.outages.iter().all(|(_, from, to)| at + patience < *from || at > *to + before)
    }
}
