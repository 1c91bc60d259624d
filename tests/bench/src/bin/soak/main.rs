//! `make soak`: twenty thousand jobs while workers are killed and the database is restarted, frozen and crashed.
//!
//! Owns the order of the faults and the final checks. Each worker is a process of its own (this program with the
//! argument `worker`), killed with SIGKILL. Prints the measurements as Markdown, and fails if a guarantee of the queue
//! was broken.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement that cannot continue should stop with an error"
)]

mod checks;
mod enqueuer;
mod faults;
mod kind;
mod worker;

use sqlx::{Executor, PgPool, postgres::PgPoolOptions};
use std::{env, process::ExitCode, time::Duration};
use store::Store;

/// The size of the run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many are enqueued.
    pub jobs: i64,
    /// From the first job to the last fault.
    pub length: Duration,
    /// Between two kills.
    pub kill_interval: Duration,
}

impl Plan {
    fn from_environment() -> Self {
        let number =
            |name: &str, default: u64| env::var(name).map_or(default, |text| text.parse().expect("a number"));
        Self {
            jobs: number("SOAK_JOBS", 20_000).try_into().unwrap(),
            length: Duration::from_secs(number("SOAK_SECONDS", 600)),
            kill_interval: Duration::from_secs(number("SOAK_KILL_EVERY", 5)),
        }
    }
}

/// A variable that `deploy/setup/soak.sh` sets.
pub fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this by `make soak`"))
}

/// Connections without row-level security, for the checks. They wait while the database is not available.
pub fn pool() -> PgPool {
    let options = variable("SOAK_DATABASE_URL").parse().unwrap();
    PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(5)).connect_lazy_with(options)
}

#[tokio::main]
async fn main() -> ExitCode {
    if env::args().nth(1).as_deref() == Some("worker") {
        worker::run().await;
        return ExitCode::SUCCESS;
    }
    let plan = Plan::from_environment();
    let pool = pool();
    prepare(&pool).await;
    let store = Store::new(pool.clone()).await.unwrap();
    let enqueuing = tokio::spawn(enqueuer::enqueue_all(store, plan));
    let faults = faults::inject(plan, &pool).await;
    enqueuing.await.unwrap();
    checks::wait_until_all_ended(&pool, plan).await;
    let kept = checks::report(&pool, plan, &faults).await;
    drop(faults);
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn prepare(pool: &PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    migrations::MIGRATOR.run(&mut *connection).await.unwrap();
    connection
        .execute(
            "create table enqueued (n bigint primary key, job uuid not null);
             create table effects (job uuid primary key, attempt int not null);
             create table rejected_effects (job uuid not null, attempt int not null);
             create table kills (worker uuid primary key, at timestamptz not null)",
        )
        .await
        .unwrap();
    store::rights::prepare(&mut connection).await.unwrap();
}
