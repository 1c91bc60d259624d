//! Mosaic's own queue, as the product uses it: `jobs::enqueue` and `workers::run`.

use crate::{database::Database, process, process::Process};
use domain::{Actor, WorkerId};
use jobs::{Job, Lane, Options, Outcome, Store};
use serde::{Deserialize, Serialize};
use sqlx::{Executor, PgConnection};
use std::{collections::HashMap, num::NonZeroUsize};
use tokio_util::sync::CancellationToken;
use workers::{Registry, WorkerConfig};

const ACTOR: Actor = Actor::System("bench");

/// Does nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Noop {
    n: i64,
}

impl Job for Noop {
    const KIND: &'static str = "noop";
    const LANE: Lane = Lane::Maintenance;
}

pub async fn prepare(database: &Database) {
    let mut connection = database.pool.acquire().await.unwrap();
    migrations::MIGRATOR.run(&mut *connection).await.unwrap();
    store::rights::prepare(&mut connection).await.unwrap();
}

pub fn worker(database: &Database, slots: usize) -> Process {
    Process::start_self("mosaic-worker", &database.url, slots)
}

/// The worker process, as `mosaic worker` runs it, with one lane and this handler.
pub async fn work() {
    let slots: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let store = Store::connect(&std::env::var("PEER_DATABASE_URL").unwrap(), 4).await.unwrap();
    let id = WorkerId::from(uuid::Uuid::now_v7());
    let lanes = HashMap::from([(Lane::Maintenance, NonZeroUsize::new(slots).unwrap())]);
    let config = WorkerConfig { lanes, ..WorkerConfig::new(id, "bench", "0") };
    let registry = Registry::new().handle(|_, job: Noop| async move {
        process::print_stamp(job.n);
        Outcome::Done
    });
    workers::run(&store, registry, config, CancellationToken::new()).await.unwrap();
}

pub async fn enqueue(database: &Database, n: i64) {
    let mut tx = database.store.as_ref().unwrap().begin(&ACTOR).await.unwrap();
    jobs::enqueue(&mut tx, &ACTOR, &Noop { n }, Options::default()).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn fill(connection: &mut PgConnection, count: i64) {
    let sql = "insert into jobs (kind, lane, acts_for, reason, payload, max_attempts)
               select 'noop', 'maintenance', 'system', 'bench', '{\"n\": 0}', 5 from generate_series(1, $1)";
    sqlx::query(sql).bind(count).execute(&mut *connection).await.unwrap();
    connection.execute("notify mosaic_jobs, 'maintenance'").await.unwrap();
}
