//! A database that goes away: costs nothing but time.

use crate::{
    harness::*,
    kinds::*,
    proxy::{Proxy, Road},
};
use jobs::{JobState, Outcome, Store};
use sqlx::PgPool;
use std::time::Duration;
use workers::{JobContext, Registry, WorkerConfig};

const LEASE: Duration = Duration::from_secs(3);

/// Works long enough to outlast an outage, without touching the database.
fn long() -> Registry {
    Registry::new().handle(|_: JobContext, ping: Ping| async move {
        tokio::time::sleep(Duration::from_millis(u64::from(ping.n))).await;
        Outcome::Done
    })
}

fn config() -> WorkerConfig {
    WorkerConfig { lease: LEASE, poll: Duration::from_secs(1), ..crate::harness::config() }
}

async fn by(proxy: &Proxy, db: &Db) -> Store {
    Store::new(PgPool::connect_lazy_with(proxy.through(server().database(&db.name)))).await.unwrap()
}

/// Two workers, one long job, an outage longer than a lease in its middle.
async fn outlasted(road: Road) {
    let db = Db::new().await;
    let proxy = Proxy::start(server());
    let workers = [
        Worker::start(by(&proxy, &db).await, long(), config()),
        Worker::start(by(&proxy, &db).await, long(), config()),
    ];
    let id = db.add(&Ping { n: 9_000 }).await;
    let short = db.add(&Ping { n: 2_000 }).await;
    db.until(id, JobState::Running).await;
    db.until(short, JobState::Running).await;
    // Both workers are steady now: either could take the job from the other.
    tokio::time::sleep(LEASE + Duration::from_millis(500)).await;
    proxy.set(road);
    let during = db.add(&Ping { n: 0 }).await;
    tokio::time::sleep(LEASE * 2).await;
    proxy.set(Road::Open);
    for id in [id, short, during] {
        let job = db.until(id, JobState::Done).await;
        assert_eq!((job.attempt, job.lost_leases), (1, 0), "{road:?}: {:?}", db.outcomes(id).await);
    }
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test]
async fn a_frozen_database_loses_and_doubles_nothing() {
    outlasted(Road::Frozen).await;
}

#[tokio::test]
async fn a_database_that_was_down_loses_and_doubles_nothing() {
    outlasted(Road::Closed).await;
}

#[tokio::test]
async fn a_worker_starts_before_its_database() {
    let db = Db::new().await;
    let proxy = Proxy::start(server());
    let store = by(&proxy, &db).await;
    proxy.set(Road::Closed);
    let worker = Worker::start(store, long(), config());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let id = db.add(&Ping { n: 0 }).await;
    proxy.set(Road::Open);
    db.until(id, JobState::Done).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_ends_although_its_database_is_away() {
    let db = Db::new().await;
    let proxy = Proxy::start(server());
    let worker = Worker::start(
        by(&proxy, &db).await,
        long(),
        WorkerConfig { drain: Duration::from_millis(500), ..config() },
    );
    let id = db.add(&Ping { n: 60_000 }).await;
    db.until(id, JobState::Running).await;
    proxy.set(Road::Frozen);
    tokio::time::timeout(PATIENCE, worker.stop()).await.expect("it ends");
    proxy.set(Road::Open);
}

#[tokio::test]
async fn terminated_connections_lose_no_job_and_no_result() {
    let db = Db::new().await;
    let workers = [db.work(long()), db.work(long())];
    let adding = async {
        for n in 0..200 {
            db.add(&Ping { n: n % 7 }).await;
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
