//! A database that is not available: costs nothing but time.

use crate::{
    harness::*,
    kinds::*,
    proxy::{Link, Proxy},
};
use jobs::{JobState, Outcome, Store};
use sqlx::PgPool;
use std::time::Duration;
use workers::{JobContext, Registry, WorkerConfig};

const LEASE_DURATION: Duration = Duration::from_secs(3);

/// Works long enough to outlast an outage, without touching the database.
fn long_running() -> Registry {
    Registry::new().handle(|_: JobContext, ping: Ping| async move {
        tokio::time::sleep(Duration::from_millis(u64::from(ping.n))).await;
        Outcome::Done
    })
}

fn config() -> WorkerConfig {
    WorkerConfig {
        lease_duration: LEASE_DURATION,
        poll_interval: Duration::from_secs(1),
        ..crate::harness::config()
    }
}

async fn store_through(proxy: &Proxy, db: &Db) -> Store {
    Store::new(PgPool::connect_lazy_with(proxy.through(server().database(&db.name)))).await.unwrap()
}

/// Two workers and a long job, with an outage in the middle that is longer than a lease.
async fn assert_survives(outage: Link) {
    let db = Db::new().await;
    let proxy = Proxy::start(server());
    let workers = [
        Worker::start(store_through(&proxy, &db).await, long_running(), config()),
        Worker::start(store_through(&proxy, &db).await, long_running(), config()),
    ];
    let id = db.enqueue(&Ping { n: 9_000 }).await;
    let short = db.enqueue(&Ping { n: 2_000 }).await;
    db.wait_for_state(id, JobState::Running).await;
    db.wait_for_state(short, JobState::Running).await;
    // Both workers are steady now: either could take over the job of the other.
    tokio::time::sleep(LEASE_DURATION + Duration::from_millis(500)).await;
    proxy.set(outage);
    let during = db.enqueue(&Ping { n: 0 }).await;
    tokio::time::sleep(LEASE_DURATION * 2).await;
    proxy.set(Link::Open);
    for id in [id, short, during] {
        let job = db.wait_for_state(id, JobState::Done).await;
        assert_eq!((job.attempt, job.lost_leases), (1, 0), "{outage:?}: {:?}", db.outcomes(id).await);
    }
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test]
async fn a_frozen_database_loses_no_job_and_repeats_none() {
    assert_survives(Link::Frozen).await;
}

#[tokio::test]
async fn a_database_that_was_down_loses_no_job_and_repeats_none() {
    assert_survives(Link::Closed).await;
}

#[tokio::test]
async fn a_worker_starts_before_its_database() {
    let db = Db::new().await;
    let proxy = Proxy::start(server());
    let store = store_through(&proxy, &db).await;
    proxy.set(Link::Closed);
    let worker = Worker::start(store, long_running(), config());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let id = db.enqueue(&Ping { n: 0 }).await;
    proxy.set(Link::Open);
    db.wait_for_state(id, JobState::Done).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_shuts_down_although_its_database_is_not_available() {
    let db = Db::new().await;
    let proxy = Proxy::start(server());
    let worker = Worker::start(
        store_through(&proxy, &db).await,
        long_running(),
        WorkerConfig { drain_timeout: Duration::from_millis(500), ..config() },
    );
    let id = db.enqueue(&Ping { n: 60_000 }).await;
    db.wait_for_state(id, JobState::Running).await;
    proxy.set(Link::Frozen);
    tokio::time::timeout(TIMEOUT, worker.stop()).await.expect("it ends");
    proxy.set(Link::Open);
}

#[tokio::test]
async fn terminated_connections_lose_no_job_and_no_result() {
    let db = Db::new().await;
    let workers = [db.start_worker(long_running()), db.start_worker(long_running())];
    let adding = async {
        for n in 0..200 {
            db.enqueue(&Ping { n: n % 7 }).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let terminating = async {
        for _ in 0..12 {
            tokio::time::sleep(Duration::from_millis(120)).await;
            sqlx::query(
                "select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and application_name = 'mosaic job engine'",
            )
            .execute(&db.raw)
            .await
            .unwrap();
        }
    };
    tokio::join!(adding, terminating);
    eventually("all are done", || async {
        let left: i64 = sqlx::query_scalar("select count(*) from jobs where state <> 'done'")
            .fetch_one(&db.raw)
            .await
            .unwrap();
        (left == 0).then_some(())
    })
    .await;
    let failed: i64 =
        sqlx::query_scalar("select count(*) from jobs where failures > 0").fetch_one(&db.raw).await.unwrap();
    assert_eq!(failed, 0);
    for worker in workers {
        worker.stop().await;
    }
}
