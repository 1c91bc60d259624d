//! The faults: killed workers, and a database that is restarted, frozen and crashed.

use crate::{Plan, variable};
use chrono::{DateTime, TimeDelta, Utc};
use rand::seq::SliceRandom;
use sqlx::PgPool;
use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

const WORKER_PROCESSES: usize = 4;
const FREEZE_DURATION: Duration = Duration::from_secs(40);

/// A worker process. It is killed when this value is dropped.
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

/// The faults that were injected.
pub struct Faults {
    /// When the database was not available: what happened, start, end.
    pub outages: Vec<(&'static str, DateTime<Utc>, DateTime<Utc>)>,
    /// Which worker was killed, and when.
    pub kills: Vec<(Uuid, DateTime<Utc>)>,
    _workers: Vec<Worker>,
}

/// Kills one worker after the other, in random order, and restarts, freezes and crashes the database. The workers
/// that are left go on until the returned value is dropped.
pub async fn inject(plan: Plan, pool: &PgPool) -> Faults {
    let database = tokio::spawn(disturb_database(plan));
    let end = Instant::now() + plan.length;
    let mut workers: Vec<Worker> = (0..WORKER_PROCESSES).map(|_| Worker::start()).collect();
    let mut kills = Vec::new();
    let mut order: Vec<usize> = Vec::new();
    let mut next = Instant::now() + plan.kill_interval;
    while next < end {
        sleep_until(next).await;
        next += plan.kill_interval;
        if order.is_empty() {
            order = (0..WORKER_PROCESSES).collect();
            order.shuffle(&mut rand::rng());
        }
        let victim = order.pop().unwrap();
        kills.push((workers[victim].id, Utc::now()));
        workers[victim] = Worker::start();
    }
    let outages = database.await.unwrap();
    store_kills(pool, &kills).await;
    Faults { outages, kills, _workers: workers }
}

async fn store_kills(pool: &PgPool, kills: &[(Uuid, DateTime<Utc>)]) {
    for (worker, at) in kills {
        sqlx::query("insert into kills (worker, at) values ($1, $2)")
            .bind(worker)
            .bind(at)
            .execute(pool)
            .await
            .unwrap();
    }
}

/// A restart after a fifth of the time, the freeze after two fifths, a crash (what was not on the disk is lost) after
/// four fifths.
async fn disturb_database(plan: Plan) -> Vec<(&'static str, DateTime<Utc>, DateTime<Utc>)> {
    let began = Instant::now();
    let mut outages = Vec::new();
    for (what, part) in [("restart", 0.2), ("frozen", 0.4), ("crash", 0.8)] {
        sleep_until(began + plan.length.mul_f64(part)).await;
        let from = Utc::now();
        match what {
            "restart" | "crash" => control(what),
            _ => {
                control("freeze");
                sleep(FREEZE_DURATION.min(plan.length / 10)).await;
                control("thaw");
            }
        }
        println!("* {what}: {:.1} s", (Utc::now() - from).as_seconds_f64());
        outages.push((what, from, Utc::now()));
    }
    outages
}

fn control(what: &str) {
    let done = Command::new(variable("SOAK_POSTGRES")).arg(what).stdout(Stdio::null()).status().unwrap();
    assert!(done.success(), "postgres: {what}");
}

impl Faults {
    /// Whether the database was available from `at` until `duration` later, and long enough before that all workers
    /// held valid leases.
    pub fn is_database_up(&self, at: DateTime<Utc>, duration: TimeDelta) -> bool {
        let before = TimeDelta::seconds(30);
        self.outages.iter().all(|(_, from, to)| at + duration < *from || at > *to + before)
    }
}
