//! apalis-postgres as its own documentation shows it, with notifications.

use crate::{database::Database, process, process::Process};
use apalis::prelude::*;
use apalis_postgres::{Config, PostgresStorage, queries::push_tasks};
use sqlx::{PgConnection, PgPool};

const QUEUE: &str = "noop";

pub async fn prepare(database: &Database) {
    PostgresStorage::setup(&database.pool).await.unwrap();
}

pub fn worker(database: &Database, slots: usize) -> Process {
    Process::start_self("apalis-worker", &database.url, slots)
}

/// The worker process.
pub async fn work() {
    let slots: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let pool = PgPool::connect(&std::env::var("PEER_DATABASE_URL").unwrap()).await.unwrap();
    let config = Config::default().queue(QUEUE).batch_size(slots);
    let backend = PostgresStorage::new(&pool).with_config(config).with_pubsub();
    let worker = WorkerBuilder::new(format!("bench-{}", std::process::id()))
        .backend(backend)
        .concurrency(slots)
        .build(|n: i64| async move {
            process::print_stamp(n);
            Ok::<_, BoxDynError>(())
        });
    worker.run().await.unwrap();
}

pub async fn enqueue(database: &Database, n: i64) {
    let mut connection = database.pool.acquire().await.unwrap();
    let task = TaskBuilder::new(serde_json::to_vec(&n).unwrap()).build();
    push_tasks(&mut *connection, QUEUE, vec![task]).await.unwrap();
}

pub async fn fill(connection: &mut PgConnection, count: i64) {
    for _ in 0..count / 1000 {
        let tasks = (0..1000).map(|_| TaskBuilder::new(b"0".to_vec()).build()).collect();
        push_tasks(connection, QUEUE, tasks).await.unwrap();
    }
}
