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
