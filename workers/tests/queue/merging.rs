//! Unique keys: one job for one wish, no wish lost.

use crate::{harness::*, kinds::*};
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
async fn fifty_at_once_become_one_job_and_no_transaction_fails() {
    let db = Arc::new(Db::new().await);
    let adding: Vec<_> = (0..50)
        .map(|_| {
            let db = Arc::clone(&db);
            tokio::spawn(async move { db.add_with(&SYSTEM, &Keyed::new("a"), Options::default()).await })
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
    let worker = db.work(Registry::new().handle(move |_, _: Keyed| {
        count.fetch_add(1, SeqCst);
        async { Outcome::Done }
    }));
    db.until(added[0].id, JobState::Done).await;
    let next = db.add_with(&SYSTEM, &Keyed::new("a"), Options::default()).await;
    assert!(!next.merged && next.id != added[0].id, "the key is free again when the job has ended");
    db.until(next.id, JobState::Done).await;
    assert_eq!(runs.load(SeqCst), 2);
    worker.stop().await;
}

#[tokio::test]
async fn a_wish_during_the_run_makes_it_run_once_more() {
    let db = Db::new().await;
    let runs = Arc::new(AtomicU32::new(0));
    let gate = Arc::new(Semaphore::new(0));
    let (count, door) = (Arc::clone(&runs), Arc::clone(&gate));
    let worker = db.work(Registry::new().handle(move |_, _: Keyed| {
        let (count, door) = (Arc::clone(&count), Arc::clone(&door));
        async move {
            count.fetch_add(1, SeqCst);
            door.acquire().await.unwrap().forget();
            Outcome::Done
        }
    }));
    let id = db.add(&Keyed::new("a")).await;
    eventually("it runs", || async { (runs.load(SeqCst) == 1).then_some(()) }).await;
    for _ in 0..5 {
        let wish = db.add_with(&SYSTEM, &Keyed::new("a"), Options::default()).await;
        assert!(wish.merged && wish.id == id);
    }
    gate.add_permits(2);
    db.until(id, JobState::Done).await;
    assert_eq!(runs.load(SeqCst), 2, "five wishes during one run are one more run");
    assert_eq!(db.outcomes(id).await, ["done", "done"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_wish_that_commits_while_the_run_is_being_recorded_is_not_lost() {
    let db = Db::new().await;
    let runs = Arc::new(AtomicU32::new(0));
    let gate = Arc::new(Semaphore::new(0));
    let (count, door) = (Arc::clone(&runs), Arc::clone(&gate));
    let worker = db.work(Registry::new().handle(move |_, _: Keyed| {
        let (count, door) = (Arc::clone(&count), Arc::clone(&door));
        async move {
            count.fetch_add(1, SeqCst);
            door.acquire().await.unwrap().forget();
            Outcome::Done
        }
    }));
    let id = db.add(&Keyed::new("a")).await;
    eventually("it runs", || async { (runs.load(SeqCst) == 1).then_some(()) }).await;
    let mut wishing = db.store.begin(&SYSTEM).await.unwrap();
    let wish = jobs::enqueue(&mut wishing, &SYSTEM, &Keyed::new("a"), Options::default()).await.unwrap();
    assert!(wish.merged && wish.id == id);
    gate.add_permits(2);
    // The result waits for the row that the wish holds.
    eventually("the result is on its way", || async {
        let waits: bool = sqlx::query_scalar("select exists (select from pg_locks where not granted)")
            .fetch_one(&db.raw)
            .await
            .unwrap();
        waits.then_some(())
    })
    .await;
    wishing.commit().await.unwrap();
    eventually("it ran twice", || async { (runs.load(SeqCst) == 2).then_some(()) }).await;
    db.until(id, JobState::Done).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_wish_during_a_failing_run_keeps_its_failures_and_its_end() {
    let db = Db::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let door = Arc::clone(&gate);
    let worker = db.work(Registry::new().handle(move |_, _: Keyed| {
        let door = Arc::clone(&door);
        async move {
            door.acquire().await.unwrap().forget();
            Outcome::Retry { after: Some(Duration::ZERO), why: "no luck".into() }
        }
    }));
    let id = db.add(&Keyed::new("a")).await;
    for failures in 1..=4 {
        db.until(id, JobState::Running).await;
        assert!(db.add_with(&SYSTEM, &Keyed::new("a"), Options::default()).await.merged);
        gate.add_permits(1);
        eventually("the failure is counted", || async {
            (db.job(id).await.failures == failures).then_some(())
        })
        .await;
    }
    gate.add_permits(1);
    assert_eq!(db.until(id, JobState::Dead).await.failures, 5);
    worker.stop().await;
}

#[tokio::test]
async fn a_merge_brings_a_waiting_job_forward_and_never_back() {
    let db = Db::new().await;
    let hour = Duration::from_secs(3600);
    let id = db.add_in(&Keyed::new("a"), hour).await;
    let urgent = Options { priority: Some(Priority::High), ..Options::default() };
    assert!(db.add_with(&SYSTEM, &Keyed::new("a"), urgent).await.merged);
    assert!(db.add_in(&Keyed::new("a"), hour).await == id);
    let worker = db.work(Registry::new().handle(|_, _: Keyed| async { Outcome::Done }));
    assert_eq!(db.until(id, JobState::Done).await.priority, Priority::High);
    worker.stop().await;
}
