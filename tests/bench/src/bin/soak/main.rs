//! `make soak`: twenty thousand jobs while workers are killed and the database is restarted and frozen.
//!
//! Owns the order of the misfortunes and the verdict. Each worker is a process of its own (this program with the
//! argument `worker`), killed with -9. Says in Markdown what was measured, and ends with a failure when a promise
//! of the queue did not hold.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on has nothing better to do than to say so and stop"
)]

mod asker;
mod kind;
mod misfortune;
mod verdict;
mod worker;

use sqlx::{Executor, PgPool, postgres::PgPoolOptions};
use std::{env, process::ExitCode, time::Duration};
use store::Store;

/// How much, for how long, how hard.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Jobs that are enqueued.
    pub jobs: i64,
    /// From the first job to the last misfortune.
    pub length: Duration,
    /// Pause between two kills.
    pub kill_every: Duration,
}

impl Plan {
    fn from_environment() -> Self {
        let number =
            |name: &str, usual: u64| env::var(name).map_or(usual, |text| text.parse().expect("a number"));
        Self {
            jobs: number("SOAK_JOBS", 20_000).try_into().unwrap(),
            length: Duration::from_secs(number("SOAK_SECONDS", 600)),
            kill_every: Duration::from_secs(number("SOAK_KILL_EVERY", 5)),
        }
    }
}

/// A variable that `deploy/setup/soak.sh` sets.
pub fn prepared(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this by `make soak`"))
}

/// Patient connections, past row-level security: for looking.
pub fn pool() -> PgPool {
    let options = prepared("SOAK_DATABASE_URL").parse().unwrap();
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
    let asking = tokio::spawn(asker::ask(store, plan));
    let suffered = misfortune::inflict(plan, &pool).await;
    asking.await.unwrap();
    verdict::wait_until_over(&pool, plan).await;
    let kept = verdict::give(&pool, plan, &suffered).await;
    drop(suffered);
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn prepare(pool: &PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    migrations::MIGRATOR.run(&mut *connection).await.unwrap();
    connection
        .execute(
            "create table asked (n bigint primary key, job uuid not null);
             create table effects (job uuid primary key, attempt int not null);
             create table refused (job uuid not null, attempt int not null);
             create table kills (worker uuid primary key, at timestamptz not null)",
        )
        .await
        .unwrap();
    store::rights::prepare(&mut connection).await.unwrap();
}
