//! graphile-worker, with its own functions in the database and its own runner in node.

use crate::{database::Database, process::Process};
use sqlx::PgConnection;
use std::{process::Command, time::Duration};

pub async fn prepare(database: &Database) {
    // Its first runner creates the tables.
    let _worker = worker(database, 1);
    for _ in 0..300 {
        let exists: bool = sqlx::query_scalar(
            "select to_regprocedure('graphile_worker.add_job(text, json, text, timestamptz, int, text, int, text[], text)') is not null",
        )
        .fetch_one(&database.pool)
        .await
        .unwrap();
        if exists {
            // The function exists before the last migration has run.
            tokio::time::sleep(Duration::from_secs(4)).await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("graphile-worker did not create its tables");
}

pub fn worker(database: &Database, slots: usize) -> Process {
    let folder = std::env::var("BENCH_PEERS").expect("run this by `make bench-queue`");
    Process::start(
        Command::new("node")
            .arg("worker.mjs")
            .current_dir(folder)
            .env("PEER_DATABASE_URL", &database.url)
            .env("PEER_CONCURRENCY", slots.to_string()),
    )
}

pub async fn enqueue(database: &Database, n: i64) {
    sqlx::query("select graphile_worker.add_job('noop', json_build_object('n', $1))")
        .bind(n)
        .execute(&database.pool)
        .await
        .unwrap();
}

/// Adds many jobs at once, as its documentation recommends.
pub const ADD_JOBS: &str = "select count(*) from graphile_worker.add_jobs(array(
    select row('noop', '{\"n\": 0}'::json, null, now() + $2 * (1 + random()), null, null, null, null)::graphile_worker.job_spec
    from generate_series(1, $1)))";

pub async fn fill(connection: &mut PgConnection, count: i64) {
    sqlx::query(ADD_JOBS)
        .bind(count)
        .bind(sqlx::postgres::types::PgInterval::default())
        .execute(&mut *connection)
        .await
        .unwrap();
}
