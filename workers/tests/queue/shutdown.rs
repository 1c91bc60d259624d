//! Shutting down a worker: it drains, hands jobs back, and never hangs.

use crate::{harness::*, kinds::*};
use jobs::{JobState, Outcome};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use workers::{JobContext, Registry};

/// A handler that works for a while, and a semaphore that shows how many of its runs have begun. The state `running`
/// does not show that: the job may not have reached the worker yet, which then hands it back.
fn slow(duration: Duration) -> (Registry, Arc<Semaphore>) {
    let begun = Arc::new(Semaphore::new(0));
    let begins = Arc::clone(&begun);
    let registry = Registry::new().handle(move |_, _: Ping| {
        begins.add_permits(1);
        async move {
            tokio::time::sleep(duration).await;
            Outcome::Done
        }
    });
    (registry, begun)
}

async fn wait_until_begun(begun: &Semaphore, count: u32) {
    tokio::time::timeout(TIMEOUT, begun.acquire_many(count)).await.expect("they begin").unwrap().forget();
}

#[tokio::test]
async fn running_jobs_finish_and_waiting_ones_stay_queued() {
    let db = Db::new().await;
    let (registry, begun) = slow(Duration::from_secs(2));
    let worker = db.start_worker(registry);
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(db.enqueue(&Ping { n }).await);
    }
    wait_until_begun(&begun, 2).await;
    worker.stop().await;
    let mut states = Vec::new();
    for id in &ids {
        states.push(db.job(*id).await.state);
    }
    assert_eq!(states, [JobState::Done, JobState::Done, JobState::Queued, JobState::Queued]);
    let stopped: bool = sqlx::query_scalar("select bool_and(stopped_at is not null) from workers")
        .fetch_one(&db.raw)
        .await
        .unwrap();
    assert!(stopped, "the worker signed off");
}

#[tokio::test]
async fn jobs_that_outlast_the_drain_are_handed_back_uncounted_and_finished_elsewhere() {
    let db = Db::new().await;
    let short = |config: &mut workers::WorkerConfig| config.drain_timeout = Duration::from_millis(300);
    // One handler checks for the cancellation and stops, the other does not and is dropped.
    let stubborn = || {
        Registry::new()
            .handle(|cx: JobContext, _: Ping| async move {
                cx.cancel().cancelled().await;
                Outcome::Cancelled
            })
            .handle(|_, _: Keyed| std::future::pending())
    };
    let worker = db.start_worker_with(stubborn(), short);
    let ids = [db.enqueue(&Ping { n: 1 }).await, db.enqueue(&Keyed::new("x")).await];
    for id in ids {
        db.wait_for_state(id, JobState::Running).await;
    }
    let quick = Registry::new()
        .handle(|_, _: Ping| async { Outcome::Done })
        .handle(|_, _: Keyed| async { Outcome::Done });
    let other = db.start_worker(quick);
    worker.stop().await;
    for id in ids {
        let job = db.wait_for_state(id, JobState::Done).await;
        assert_eq!((job.failures, job.lost_leases, job.attempt), (0, 0, 2));
        assert_eq!(db.outcomes(id).await, ["returned", "done"]);
    }
    other.stop().await;
}

#[tokio::test]
async fn leases_hold_while_a_worker_drains_longer_than_a_lease() {
    let db = Db::new().await;
    let short = |config: &mut workers::WorkerConfig| config.lease_duration = Duration::from_secs(3);
    let (registry, begun) = slow(Duration::from_secs(7));
    let worker = db.start_worker_with(registry, short);
    let id = db.enqueue(&Ping { n: 1 }).await;
    wait_until_begun(&begun, 1).await;
    let other = db.start_worker_with(slow(Duration::ZERO).0, short);
    worker.stop().await;
    let (job, outcomes) = (db.job(id).await, db.outcomes(id).await);
    assert_eq!((job.state, job.attempt, job.lost_leases), (JobState::Done, 1, 0), "{outcomes:?}");
    other.stop().await;
}

#[tokio::test]
async fn an_orderly_shutdown_at_any_moment_leaves_no_job_running_and_none_lost() {
    let db = Db::new().await;
    let quick = || Registry::new().handle(|_, _: Ping| async { Outcome::Done });
    for round in 0..12 {
        for n in 0..20 {
            db.enqueue(&Ping { n }).await;
        }
        let worker = db.start_worker_with(quick(), |config| config.lanes = slots(8));
        tokio::time::sleep(Duration::from_millis(7 * round)).await;
        worker.stop().await;
        let running: i64 = sqlx::query_scalar("select count(*) from jobs where state = 'running'")
            .fetch_one(&db.raw)
            .await
            .unwrap();
        assert_eq!(running, 0, "round {round}");
    }
    let worker = db.start_worker(quick());
    eventually("all are done", || async {
        let left: i64 = sqlx::query_scalar("select count(*) from jobs where state <> 'done'")
            .fetch_one(&db.raw)
            .await
            .unwrap();
        (left == 0).then_some(())
    })
    .await;
    let ends: Vec<String> = sqlx::query_scalar("select distinct outcome from job_attempts order by 1")
        .fetch_all(&db.raw)
        .await
        .unwrap();
    assert!(ends.iter().all(|end| end == "done" || end == "returned"), "{ends:?}");
    worker.stop().await;
}
