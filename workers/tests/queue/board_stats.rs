//! What the board shows: the state of lanes and workers, statistics, changes.

use crate::{board::admin, harness::*, kinds::*};
use domain::JobId;
use jobs::{
    JobState, Lane, Options, Outcome, WaitReason,
    board::{self, OwnerFilter},
    cancel, lanes,
};
use std::time::Duration;
use workers::{JobContext, Registry};

#[tokio::test]
async fn the_wait_reason_shows_the_state_of_the_lane() {
    let db = Db::new().await;
    let alice = db.user().await;
    let id = db.enqueue_with(&person(alice), &Ping { n: 0 }, Options::default()).await.id;
    let wait_reason = async || {
        let mut tx = db.store.begin(&person(alice)).await.unwrap();
        jobs::wait_reason(&mut tx, id).await.unwrap()
    };
    let WaitReason { position, lane } = wait_reason().await.unwrap();
    assert_eq!(
        (position.slots, lane.worker_seen, lane.paused_at),
        (0, None, None),
        "no worker was ever there"
    );
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    lanes::pause(&mut tx, Lane::Maintenance).await.unwrap();
    tx.commit().await.unwrap();
    let worker = db.start_worker(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    eventually("the worker is seen", || async { wait_reason().await.unwrap().lane.worker_seen }).await;
    let WaitReason { position, lane } = wait_reason().await.unwrap();
    assert!(position.slots == 2 && lane.paused_at.is_some_and(|at| at <= lane.asked_at));
    let mut tx = db.store.begin(&admin()).await.unwrap();
    let all = lanes::list(&mut tx).await.unwrap();
    let lane = all.iter().find(|lane| lane.name == "maintenance").unwrap();
    assert_eq!((lane.slots, lane.running, lane.ready, lane.later), (2, 0, 1, 0));
    assert!(lane.oldest_due.is_some() && lane.paused_at.is_some());
    let seen = jobs::workers::list(&mut tx).await.unwrap();
    assert!(seen.len() == 1 && seen[0].alive && seen[0].lanes.0["maintenance"] == 2);
    lanes::resume(&mut tx, Lane::Maintenance).await.unwrap();
    tx.commit().await.unwrap();
    db.wait_for_state(id, JobState::Done).await;
    assert!(wait_reason().await.is_none(), "a job that has ended does not wait");
    worker.stop().await;
    let mut tx = db.store.begin(&admin()).await.unwrap();
    let stopped = &jobs::workers::list(&mut tx).await.unwrap()[0];
    assert!(!stopped.alive && stopped.stopped_at.is_some());
}

#[tokio::test]
async fn statistics_count_ended_jobs_and_measure_waits_and_runs() {
    let db = Db::new().await;
    let worker = db.start_worker(Registry::new().handle(|_, ping: Ping| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if ping.n == 0 { Outcome::fail("no") } else { Outcome::Done }
    }));
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(db.enqueue(&Ping { n }).await);
    }
    for (n, id) in ids.iter().enumerate() {
        db.wait_for_state(*id, if n == 0 { JobState::Failed } else { JobState::Done }).await;
    }
    let mut tx = db.store.begin(&admin()).await.unwrap();
    let minutes = board::throughput(&mut tx, OwnerFilter::All).await.unwrap();
    assert_eq!(minutes.len(), 60);
    assert!(minutes.windows(2).all(|pair| pair[1].minute - pair[0].minute == chrono::TimeDelta::minutes(1)));
    let sum = |of: fn(&board::ThroughputMinute) -> i64| minutes.iter().map(of).sum::<i64>();
    assert_eq!((sum(|m| m.done), sum(|m| m.failed), sum(|m| m.cancelled)), (3, 1, 0));
    let percentiles = board::percentiles(&mut tx, OwnerFilter::All).await.unwrap();
    let lanes: Vec<_> = percentiles.iter().map(|row| row.lane.as_deref()).collect();
    assert_eq!(lanes, [None, Some("maintenance")]);
    assert!(percentiles[0].run_p50 >= 100.0 && percentiles[0].run_p50 < 5_000.0, "{percentiles:?}");
    // Two slots: the second pair waited for the first.
    assert!(percentiles[0].wait_p95 >= 90.0, "{percentiles:?}");
    worker.stop().await;
}

#[tokio::test]
async fn changes_list_the_jobs_that_changed_and_no_others() {
    let db = Db::new().await;
    let changes = async || -> Vec<(JobId, String, bool)> {
        let mut tx = db.store.begin(&admin()).await.unwrap();
        let seen = board::changes(&mut tx, OwnerFilter::All, 100).await.unwrap();
        seen.into_iter().map(|job| (job.id, job.fingerprint, job.running)).collect()
    };
    let worker = db.start_worker(Registry::new().handle(|cx: JobContext, _: Ping| async move {
        cx.progress(10).await;
        cx.phase("first").await;
        cx.cancel().cancelled().await;
        Outcome::Cancelled
    }));
    let id = db.enqueue(&Ping { n: 0 }).await;
    db.wait_for_state(id, JobState::Running).await;
    eventually("it is in its phase", || async {
        let phases: i64 =
            sqlx::query_scalar("select count(*) from job_phases").fetch_one(&db.raw).await.unwrap();
        (phases == 1).then_some(())
    })
    .await;
    let running = changes().await;
    assert!(running.len() == 1 && running[0].0 == id && running[0].2);
    assert_eq!(changes().await, running, "no change, no other fingerprint");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(changes().await, running, "a running job is always listed");
    let mut tx = db.store.begin(&admin()).await.unwrap();
    cancel::one(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
    db.wait_for_state(id, JobState::Cancelled).await;
    let over = changes().await;
    assert!(over.len() == 1 && over[0].1 != running[0].1 && !over[0].2);
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(changes().await.is_empty(), "after a while there are no changes");
    worker.stop().await;
}
