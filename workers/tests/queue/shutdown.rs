//! Ending a worker: drain, hand back, never hang.

use crate::{harness::*, kinds::*};
use jobs::{JobState, Outcome};
use std::time::Duration;
use workers::{JobContext, Registry};

#[tokio::test]
async fn running_jobs_finish_and_waiting_ones_are_left_alone() {
    let db = Db::new().await;
    let worker = db.work(Registry::new().handle(|_, _: Ping| async {
        tokio::time::sleep(Duration::from_millis(800)).await;
        Outcome::Done
    }));
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(db.add(&Ping { n }).await);
    }
    for id in &ids[..2] {
        db.until(*id, JobState::Running).await;
    }
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
async fn what_outlasts_the_drain_is_handed_back_uncounted_and_finished_elsewhere() {
    let db = Db::new().await;
    let short = |config: &mut workers::WorkerConfig| config.drain = Duration::from_millis(300);
    // One listens and stops, one does not and is dropped.
    let stubborn = || {
        Registry::new()
            .handle(|cx: JobContext, _: Ping| async move {
                cx.cancel().cancelled().await;
                Outcome::Cancelled
            })
            .handle(|_, _: Keyed| std::future::pending())
    };
    let worker = db.work_with(stubborn(), short);
    let ids = [db.add(&Ping { n: 1 }).await, db.add(&Keyed::new("x")).await];
    for id in ids {
        db.until(id, JobState::Running).await;
    }
    let quick = Registry::new()
        .handle(|_, _: Ping| async { Outcome::Done })
        .handle(|_, _: Keyed| async { Outcome::Done });
    let other = db.work(quick);
    worker.stop().await;
    for id in ids {
        let job = db.until(id, JobState::Done).await;
        assert_eq!((job.failures, job.lost_leases, job.attempt), (0, 0, 2));
        assert_eq!(db.outcomes(id).await, ["returned", "done"]);
    }
    other.stop().await;
}

#[tokio::test]
async fn leases_hold_while_a_worker_drains_longer_than_a_lease() {
    let db = Db::new().await;
    let slow = || {
        Registry::new().handle(|_, _: Ping| async {
            tokio::time::sleep(Duration::from_secs(7)).await;
            Outcome::Done
        })
    };
    let short = |config: &mut workers::WorkerConfig| config.lease = Duration::from_secs(3);
    let worker = db.work_with(slow(), short);
    let id = db.add(&Ping { n: 1 }).await;
    db.until(id, JobState::Running).await;
    let other = db.work_with(slow(), short);
    worker.stop().await;
    let job = db.job(id).await;
    assert_eq!((job.state, job.attempt, job.lost_leases), (JobState::Done, 1, 0));
    other.stop().await;
}
