//! Lanes: slots per process and per instance, pausing, the position in the queue.

use crate::{harness::*, kinds::*};
use jobs::{JobState, Lane, Options, Outcome, Priority, lanes};
use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use workers::Registry;

/// Counts how many of its jobs run at the same time.
#[derive(Clone, Default)]
struct Gauge {
    running: Arc<AtomicUsize>,
    max_running: Arc<AtomicUsize>,
}

impl Gauge {
    fn registry(&self) -> Registry {
        let gauge = self.clone();
        Registry::new().handle(move |_, _: Ping| {
            let gauge = gauge.clone();
            async move {
                let running = gauge.running.fetch_add(1, SeqCst) + 1;
                gauge.max_running.fetch_max(running, SeqCst);
                tokio::time::sleep(Duration::from_millis(150)).await;
                gauge.running.fetch_sub(1, SeqCst);
                Outcome::Done
            }
        })
    }
}

async fn wait_for_all_done(db: &Db, count: i64) {
    eventually("all are done", || async {
        let done: i64 = sqlx::query_scalar("select count(*) from jobs where state = 'done'")
            .fetch_one(&db.raw)
            .await
            .unwrap();
        (done == count).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_process_runs_as_many_as_its_lane_has_slots() {
    let db = Db::new().await;
    for n in 0..9 {
        db.enqueue(&Ping { n }).await;
    }
    let gauge = Gauge::default();
    let worker = db.start_worker_with(gauge.registry(), |config| config.lanes = slots(3));
    wait_for_all_done(&db, 9).await;
    assert_eq!(gauge.max_running.load(SeqCst), 3);
    worker.stop().await;
}

#[tokio::test]
async fn a_limit_of_the_instance_applies_to_all_processes() {
    let db = Db::new().await;
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    lanes::set_limit(&mut tx, Lane::Maintenance, NonZeroU32::new(2)).await.unwrap();
    tx.commit().await.unwrap();
    let gauge = Gauge::default();
    let workers: Vec<_> =
        (0..3).map(|_| db.start_worker_with(gauge.registry(), |config| config.lanes = slots(3))).collect();
    for n in 0..12 {
        db.enqueue(&Ping { n }).await;
    }
    wait_for_all_done(&db, 12).await;
    assert_eq!(gauge.max_running.load(SeqCst), 2);
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test]
async fn no_job_is_claimed_from_a_paused_lane_until_it_is_resumed() {
    let db = Db::new().await;
    let worker = db.start_worker(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    let before = db.enqueue(&Ping { n: 0 }).await;
    db.wait_for_state(before, JobState::Done).await;
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    lanes::pause(&mut tx, Lane::Maintenance).await.unwrap();
    tx.commit().await.unwrap();
    let held = db.enqueue(&Ping { n: 1 }).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(db.job(held).await.state, JobState::Queued);
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    lanes::resume(&mut tx, Lane::Maintenance).await.unwrap();
    tx.commit().await.unwrap();
    db.wait_for_state(held, JobState::Done).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_waiting_user_learns_how_many_jobs_are_ahead_and_nothing_else() {
    let db = Db::new().await;
    let (alice, bob) = (db.user().await, db.user().await);
    let position = |actor, id| {
        let store = db.store.clone();
        async move {
            let mut tx = store.begin(&actor).await.unwrap();
            jobs::queue_position(&mut tx, id).await.unwrap()
        }
    };
    // Two jobs run until the end of the test. Bob's three wait, one of them urgent; another one is not due yet.
    let worker = db.start_worker(Registry::new().handle(|cx: workers::JobContext, _: Ping| async move {
        cx.cancel().cancelled().await;
        Outcome::Cancelled
    }));
    for n in 0..2 {
        let id = db.enqueue(&Ping { n }).await;
        db.wait_for_state(id, JobState::Running).await;
    }
    db.enqueue_with(&person(bob), &Ping { n: 2 }, Options::default()).await;
    db.enqueue_in(&Ping { n: 3 }, Duration::from_secs(3600)).await;
    let alices = db.enqueue_with(&person(alice), &Ping { n: 4 }, Options::default()).await.id;
    let urgent = Options { priority: Some(Priority::High), ..Options::default() };
    db.enqueue_with(&person(bob), &Ping { n: 5 }, urgent).await;
    db.enqueue_with(&person(bob), &Ping { n: 6 }, Options::default()).await;
    let seen = position(person(alice), alices).await.unwrap();
    assert_eq!((seen.ahead, seen.busy, seen.slots), (2, 2, 2));
    assert_eq!(position(person(bob), alices).await, None);
    let mut tx = db.store.begin(&person(alice)).await.unwrap();
    jobs::queue_position(&mut tx, alices).await.unwrap();
    let visible: i64 =
        sqlx::query_scalar("select count(*) from job_overview").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(visible, 1, "counting all users' jobs left the scope of her transaction as it was");
    worker.shutdown.cancel();
}
