//! Actions of the board on many jobs at once, and whose jobs they may change.

use crate::{board::admin, harness::*, kinds::*};
use jobs::{
    JobState, Lane, Options, Outcome,
    board::{self, Filter, OwnerFilter},
    cancel, lanes,
};
use std::time::Duration;
use workers::{JobContext, Registry};

#[tokio::test]
async fn no_user_sees_or_changes_another_users_jobs_by_the_board() {
    let db = Db::new().await;
    let (alice, bob) = (db.user().await, db.user().await);
    let options = || Options { due: jobs::Due::In(Duration::from_secs(3600)), ..Options::default() };
    let hers = db.enqueue_with(&person(alice), &Ping { n: 1 }, options()).await.id;
    let failed = db.enqueue_with(&person(alice), &Ping { n: 2 }, options()).await.id;
    sqlx::query("update jobs set state = 'failed', finished_at = now() where id = $1")
        .bind(failed.uuid())
        .execute(&db.raw)
        .await
        .unwrap();
    let everything = Filter::default();
    for owner in [OwnerFilter::User(alice), OwnerFilter::User(bob), OwnerFilter::All] {
        assert!(
            crate::board::listed(&db, &person(bob), owner, &everything, 10).await.is_empty(),
            "{owner:?}"
        );
        let mut tx = db.store.begin(&person(bob)).await.unwrap();
        assert!(board::counts(&mut tx, owner).await.unwrap().is_empty());
        assert!(board::changes(&mut tx, owner, 10).await.unwrap().is_empty());
        assert!(board::percentiles(&mut tx, owner).await.unwrap().is_empty());
        let ends: i64 =
            board::throughput(&mut tx, owner).await.unwrap().iter().map(|minute| minute.failed).sum();
        assert_eq!(ends, 0);
    }
    let mut tx = db.store.begin(&person(bob)).await.unwrap();
    assert!(board::retry(&mut tx, &[failed]).await.unwrap().is_empty());
    assert!(board::discard(&mut tx, &[failed]).await.unwrap().is_empty());
    assert!(cancel::many(&mut tx, &[hers]).await.unwrap().is_empty());
    assert!(jobs::wait_reason(&mut tx, hers).await.unwrap().is_none());
    assert!(lanes::list(&mut tx).await.unwrap().is_empty(), "lanes are for admins");
    assert!(jobs::workers::list(&mut tx).await.unwrap().is_empty());
    assert!(jobs::schedules::list(&mut tx).await.unwrap().is_empty());
    lanes::pause(&mut tx, Lane::Maintenance).await.unwrap();
    assert!(jobs::schedules::run_now(&mut tx, &person(bob), "prune-jobs").await.unwrap().is_none());
    tx.commit().await.unwrap();
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    assert!(lanes::list(&mut tx).await.unwrap().iter().all(|lane| lane.paused_at.is_none()));
    assert_eq!(db.job(failed).await.state, JobState::Failed);
    // Alice may.
    assert_eq!(
        crate::board::listed(&db, &person(alice), OwnerFilter::User(alice), &everything, 10).await.len(),
        2
    );
    let mut tx = db.store.begin(&person(alice)).await.unwrap();
    assert_eq!(
        board::discard(&mut tx, &[failed, hers]).await.unwrap(),
        [failed],
        "a waiting job is not discarded"
    );
    assert_eq!(cancel::many(&mut tx, &[failed, hers]).await.unwrap(), [cancel::Cancellation::Immediate]);
}

#[tokio::test]
async fn a_user_cannot_retry_what_the_system_did_for_them() {
    let db = Db::new().await;
    let user = db.user().await;
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let for_user = jobs::ActsFor::system_for("a test", user);
    let id = jobs::enqueue(&mut tx, for_user, &Ping { n: 1 }, Options::default()).await.unwrap().id;
    tx.commit().await.unwrap();
    sqlx::query("update jobs set state = 'dead', finished_at = now()").execute(&db.raw).await.unwrap();
    let mut tx = db.store.begin(&person(user)).await.unwrap();
    assert!(board::retry(&mut tx, &[id]).await.unwrap().is_empty());
    drop(tx);
    let mut tx = db.store.begin(&admin()).await.unwrap();
    assert_eq!(board::retry(&mut tx, &[id]).await.unwrap(), [id]);
}

#[tokio::test]
async fn a_retry_gives_all_attempts_again_and_two_jobs_with_one_key_never_wait() {
    let db = Db::new().await;
    let twins = [db.enqueue(&Keyed::new("a")).await, {
        sqlx::query("update jobs set state = 'dead', failures = 5, finished_at = now()")
            .execute(&db.raw)
            .await
            .unwrap();
        db.enqueue(&Keyed::new("a")).await
    }];
    let waits = db.enqueue(&Keyed::new("b")).await;
    sqlx::query("update jobs set state = 'dead', failures = 5, finished_at = now() where id = $1")
        .bind(twins[1].uuid())
        .execute(&db.raw)
        .await
        .unwrap();
    let mut tx = db.store.begin(&admin()).await.unwrap();
    let moved = board::retry(&mut tx, &[twins[0], twins[1], waits]).await.unwrap();
    assert_eq!(moved, [twins[1]], "the newer twin, and no job that never ran");
    assert!(board::retry(&mut tx, &[twins[0]]).await.unwrap().is_empty(), "another job holds its key");
    tx.commit().await.unwrap();
    let worker = db.start_worker(Registry::new().handle(|cx: JobContext, _: Keyed| async move {
        if cx.failures() < 4 && cx.attempt() < 3 {
            return Outcome::Retry { after: Some(Duration::ZERO), reason: "again".into() };
        }
        Outcome::Done
    }));
    let done = db.wait_for_state(twins[1], JobState::Done).await;
    assert_eq!((done.failures, done.attempt), (2, 3), "it had all its attempts again");
    worker.stop().await;
}

#[tokio::test]
async fn a_job_that_waits_for_its_next_attempt_starts_at_once_when_retried() {
    let db = Db::new().await;
    let worker = db.start_worker(Registry::new().handle(|cx: JobContext, _: Ping| async move {
        match cx.attempt() {
            1 => Outcome::Retry { after: Some(Duration::from_secs(3600)), reason: "not now".into() },
            _ => Outcome::Done,
        }
    }));
    let id = db.enqueue(&Ping { n: 0 }).await;
    eventually("it failed once", || async { (db.job(id).await.failures == 1).then_some(()) }).await;
    let mut tx = db.store.begin(&admin()).await.unwrap();
    assert_eq!(board::retry(&mut tx, &[id]).await.unwrap(), [id]);
    tx.commit().await.unwrap();
    let done = db.wait_for_state(id, JobState::Done).await;
    assert_eq!((done.attempt, done.failures), (2, 1), "the failure is not forgotten");
    worker.stop().await;
}
