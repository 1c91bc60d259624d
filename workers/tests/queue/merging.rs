//! Unique keys: requests for the same work become one job, and none is lost.

use crate::{harness::*, kinds::*};
use domain::Actor;
use jobs::{JobState, Options, Outcome, Priority};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::sync::Semaphore;
use workers::Registry;

#[tokio::test]
async fn fifty_concurrent_requests_become_one_job_and_no_transaction_fails() {
    let db = Arc::new(Db::new().await);
    let adding: Vec<_> = (0..50)
        .map(|_| {
            let db = Arc::clone(&db);
            tokio::spawn(async move { db.enqueue_with(&SYSTEM, &Keyed::new("a"), Options::default()).await })
        })
        .collect();
    let mut added = Vec::new();
    for task in adding {
        added.push(task.await.unwrap());
    }
    assert_eq!(added.iter().map(|added| added.id).collect::<HashSet<_>>().len(), 1);
    assert_eq!(added.iter().filter(|added| !added.merged).count(), 1);
    let runs = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&runs);
    let worker = db.start_worker(Registry::new().handle(move |_, _: Keyed| {
        count.fetch_add(1, SeqCst);
        async { Outcome::Done }
    }));
    db.wait_for_state(added[0].id, JobState::Done).await;
    let next = db.enqueue_with(&SYSTEM, &Keyed::new("a"), Options::default()).await;
    assert!(!next.merged && next.id != added[0].id, "the key is free again when the job has ended");
    db.wait_for_state(next.id, JobState::Done).await;
    assert_eq!(runs.load(SeqCst), 2);
    worker.stop().await;
}

/// A worker whose jobs count themselves when they begin and end when the gate lets them.
fn start_gated_worker(db: &Db) -> (Worker, Arc<AtomicU32>, Arc<Semaphore>) {
    let runs = Arc::new(AtomicU32::new(0));
    let gate = Arc::new(Semaphore::new(0));
    let (count, permits) = (Arc::clone(&runs), Arc::clone(&gate));
    let worker = db.start_worker(Registry::new().handle(move |_, _: Keyed| {
        let (count, permits) = (Arc::clone(&count), Arc::clone(&permits));
        async move {
            count.fetch_add(1, SeqCst);
            permits.acquire().await.unwrap().forget();
            Outcome::Done
        }
    }));
    (worker, runs, gate)
}

#[tokio::test]
async fn a_request_during_the_run_makes_it_run_once_more() {
    let db = Db::new().await;
    let (worker, runs, gate) = start_gated_worker(&db);
    let id = db.enqueue(&Keyed::new("a")).await;
    eventually("it runs", || async { (runs.load(SeqCst) == 1).then_some(()) }).await;
    for _ in 0..5 {
        let request = db.enqueue_with(&SYSTEM, &Keyed::new("a"), Options::default()).await;
        assert!(request.merged && request.id == id);
    }
    gate.add_permits(2);
    db.wait_for_state(id, JobState::Done).await;
    assert_eq!(runs.load(SeqCst), 2, "five requests during one run are one more run");
    assert_eq!(db.outcomes(id).await, ["done", "done"]);
    worker.stop().await;
}

/// As a process of the release before requests it, while both run.
#[tokio::test]
async fn a_request_by_the_columns_old_name_makes_it_run_once_more() {
    let db = Db::new().await;
    let (worker, runs, gate) = start_gated_worker(&db);
    let id = db.enqueue(&Keyed::new("a")).await;
    eventually("it runs", || async { (runs.load(SeqCst) == 1).then_some(()) }).await;
    sqlx::query("update jobs set again = true where id = $1").bind(id.uuid()).execute(&db.raw).await.unwrap();
    gate.add_permits(2);
    db.wait_for_state(id, JobState::Done).await;
    assert_eq!(runs.load(SeqCst), 2);
    let columns: (bool, bool) =
        sqlx::query_as("select again, rerun_requested from jobs").fetch_one(&db.raw).await.unwrap();
    assert_eq!(columns, (false, false));
    worker.stop().await;
}

#[tokio::test]
async fn a_request_that_commits_while_the_result_is_being_recorded_is_not_lost() {
    let db = Db::new().await;
    let (worker, runs, gate) = start_gated_worker(&db);
    let id = db.enqueue(&Keyed::new("a")).await;
    eventually("it runs", || async { (runs.load(SeqCst) == 1).then_some(()) }).await;
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let request = jobs::enqueue(&mut tx, &SYSTEM, &Keyed::new("a"), Options::default()).await.unwrap();
    assert!(request.merged && request.id == id);
    gate.add_permits(2);
    // Recording the result waits for the row that this transaction has locked.
    eventually("the result is being recorded", || async {
        let waits: bool = sqlx::query_scalar("select exists (select from pg_locks where not granted)")
            .fetch_one(&db.raw)
            .await
            .unwrap();
        waits.then_some(())
    })
    .await;
    tx.commit().await.unwrap();
    eventually("it ran twice", || async { (runs.load(SeqCst) == 2).then_some(()) }).await;
    db.wait_for_state(id, JobState::Done).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_request_during_a_failing_run_keeps_the_failures_and_the_limit() {
    let db = Db::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let permits = Arc::clone(&gate);
    let worker = db.start_worker(Registry::new().handle(move |_, _: Keyed| {
        let permits = Arc::clone(&permits);
        async move {
            permits.acquire().await.unwrap().forget();
            Outcome::Retry { after: Some(Duration::ZERO), reason: "failed on purpose".into() }
        }
    }));
    let id = db.enqueue(&Keyed::new("a")).await;
    for failures in 1..=4 {
        db.wait_for_state(id, JobState::Running).await;
        assert!(db.enqueue_with(&SYSTEM, &Keyed::new("a"), Options::default()).await.merged);
        gate.add_permits(1);
        eventually("the failure is counted", || async {
            (db.job(id).await.failures == failures).then_some(())
        })
        .await;
    }
    gate.add_permits(1);
    assert_eq!(db.wait_for_state(id, JobState::Dead).await.failures, 5);
    worker.stop().await;
}

#[tokio::test]
async fn a_merge_makes_a_waiting_job_due_earlier_and_never_later() {
    let db = Db::new().await;
    let hour = Duration::from_secs(3600);
    let id = db.enqueue_in(&Keyed::new("a"), hour).await;
    let urgent = Options { priority: Some(Priority::High), ..Options::default() };
    assert!(db.enqueue_with(&SYSTEM, &Keyed::new("a"), urgent).await.merged);
    assert!(db.enqueue_in(&Keyed::new("a"), hour).await == id);
    let worker = db.start_worker(Registry::new().handle(|_, _: Keyed| async { Outcome::Done }));
    assert_eq!(db.wait_for_state(id, JobState::Done).await.priority, Priority::High);
    worker.stop().await;
}

#[tokio::test]
async fn a_merged_job_acts_with_the_stronger_right_and_is_not_cancelled_with_the_account() {
    let db = Db::new().await;
    let user = db.user().await;
    let actor = Actor::on_behalf_of(user);
    let id = db.enqueue_with(&actor, &Keyed::new("a"), Options::default()).await.id;
    let (worker, runs, gate) = start_gated_worker(&db);
    eventually("it runs", || async { (runs.load(SeqCst) == 1).then_some(()) }).await;

    // The product needs it while it runs for the user, whose account is then disabled. The user asks once more.
    assert!(db.enqueue_with(&SYSTEM, &Keyed::new("a"), Options::default()).await.merged);
    assert!(db.enqueue_with(&actor, &Keyed::new("a"), Options::default()).await.merged);
    let disable = "update users set disabled_at = now() where id = $1";
    sqlx::query(disable).bind(user.uuid()).execute(&db.raw).await.unwrap();
    gate.add_permits(2);
    db.wait_for_state(id, JobState::Done).await;
    assert_eq!(runs.load(SeqCst), 2, "it ran again although the account is disabled");
    let rights: (String, String) =
        sqlx::query_as("select acts_for, reason from jobs").fetch_one(&db.raw).await.unwrap();
    assert_eq!(rights.0, "system");
    assert!(!rights.1.is_empty());
    worker.stop().await;
}
