//! How attempts end: retries with back-off, failures, panics, time limits, unreadable payloads, cancellation.

use crate::{harness::*, kinds::*};
use chrono::TimeDelta;
use domain::JobId;
use jobs::{JobState, Outcome, cancel};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;
use workers::{JobContext, Registry};

/// Pauses between the end of each attempt and the start of the next.
async fn pauses(db: &Db, id: JobId) -> Vec<TimeDelta> {
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let attempts = jobs::attempts(&mut tx, id).await.unwrap();
    attempts.windows(2).map(|pair| pair[1].started_at - pair[0].finished_at).collect()
}

#[tokio::test]
async fn failures_back_off_and_end_dead_with_the_last_reason() {
    let db = Db::new().await;
    let worker = db.work(Registry::new().handle(|cx: JobContext, _: Flaky| async move {
        Outcome::retry(format!("no luck in attempt {}", cx.attempt()))
    }));
    let id = db.add(&Flaky {}).await;
    let job = db.until(id, JobState::Dead).await;
    assert_eq!((job.failures, job.attempt), (3, 3));
    assert_eq!(job.last_error.as_deref(), Some("no luck in attempt 3"));
    assert_eq!(db.outcomes(id).await, ["retry"; 3]);
    let pauses = pauses(&db, id).await;
    // 200 ms and 400 ms, each spread over 75 % to 125 %.
    assert!(pauses[0] >= TimeDelta::milliseconds(150), "{pauses:?}");
    assert!(pauses[1] >= TimeDelta::milliseconds(300), "{pauses:?}");
    worker.stop().await;
}

#[tokio::test]
async fn a_handler_may_name_the_pause_and_succeed_later() {
    let db = Db::new().await;
    let worker = db.work(Registry::new().handle(|cx: JobContext, _: Flaky| async move {
        match cx.attempt() {
            1 => Outcome::Retry { after: Some(Duration::from_millis(1200)), why: "come later".into() },
            _ => Outcome::Done,
        }
    }));
    let id = db.add(&Flaky {}).await;
    let job = db.until(id, JobState::Done).await;
    assert_eq!((job.failures, job.last_error), (1, None));
    assert!(pauses(&db, id).await[0] >= TimeDelta::milliseconds(1200));
    worker.stop().await;
}

#[tokio::test]
async fn a_failure_for_good_is_not_retried_and_its_reason_is_clipped() {
    let db = Db::new().await;
    let worker = db.work(Registry::new().handle(|_, _: Flaky| async { Outcome::fail("no\0 ".repeat(1000)) }));
    let id = db.add(&Flaky {}).await;
    let job = db.until(id, JobState::Failed).await;
    assert_eq!((job.failures, job.last_error.unwrap().chars().count()), (0, 500));
    assert_eq!(db.outcomes(id).await, ["fail"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_panic_is_a_failed_attempt_and_the_worker_lives() {
    let db = Db::new().await;
    let worker = db.work(
        Registry::new()
            .handle(|_, _: Flaky| async { panic!("on purpose: canary") })
            .handle(|_, _: Ping| async { Outcome::Done }),
    );
    let id = db.add(&Flaky {}).await;
    let job = db.until(id, JobState::Dead).await;
    assert_eq!(job.failures, 3);
    assert!(!job.last_error.unwrap().contains("canary"), "a panic's message is not for the owner");
    let after = db.add(&Ping { n: 1 }).await;
    db.until(after, JobState::Done).await;
    worker.stop().await;
}

#[tokio::test]
async fn an_attempt_over_its_time_is_ended_and_counts_as_failed() {
    let db = Db::new().await;
    let worker = db.work(Registry::new().handle(|cx: JobContext, _: Flaky| async move {
        if cx.attempt() < 3 {
            std::future::pending::<()>().await;
        }
        Outcome::Done
    }));
    let id = db.add(&Flaky {}).await;
    let job = db.until(id, JobState::Done).await;
    assert_eq!(job.failures, 2);
    assert_eq!(db.outcomes(id).await, ["retry", "retry", "done"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_fails_one_job_and_nothing_else() {
    let db = Db::new().await;
    let mut poisoned = Vec::new();
    // A wrong type, a missing field, a number that no JSON value type of ours holds.
    for payload in ["{\"n\": \"text: canary\"}", "[]", "{\"n\": 1e400}"] {
        let id = db.add(&Ping { n: 1 }).await;
        sqlx::query("update jobs set payload = $2::jsonb where id = $1")
            .bind(id.uuid())
            .bind(payload)
            .execute(&db.raw)
            .await
            .unwrap();
        poisoned.push(id);
    }
    let sound = db.add(&Ping { n: 2 }).await;
    let worker = db.work(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    db.until(sound, JobState::Done).await;
    for id in poisoned {
        let job = db.until(id, JobState::Failed).await;
        assert!(!job.last_error.unwrap().contains("canary"));
    }
    worker.stop().await;
}

async fn ask_to_end(db: &Db, id: JobId) -> Option<cancel::Cancelled> {
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let asked = cancel::one(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
    asked
}

#[tokio::test]
async fn a_waiting_job_is_cancelled_at_once_and_a_finished_one_not_at_all() {
    let db = Db::new().await;
    let id = db.add_in(&Ping { n: 1 }, Duration::from_millis(500)).await;
    assert_eq!(ask_to_end(&db, id).await, Some(cancel::Cancelled::Now));
    assert_eq!(ask_to_end(&db, id).await, None);
    let worker = db.work(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    let other = db.add_in(&Ping { n: 2 }, Duration::from_millis(700)).await;
    db.until(other, JobState::Done).await;
    let job = db.job(id).await;
    assert_eq!((job.state, job.attempt), (JobState::Cancelled, 0));
    worker.stop().await;
}

#[tokio::test]
async fn cancelling_reaches_a_handler_that_listens_and_ends_one_that_does_not() {
    let db = Db::new().await;
    let asked = Arc::new(Notify::new());
    let told = Arc::clone(&asked);
    let worker = db.work(
        Registry::new()
            .handle(move |cx: JobContext, _: Ping| {
                let told = Arc::clone(&told);
                async move {
                    cx.cancel().cancelled().await;
                    told.notify_one();
                    // Whatever it answers now: it was asked to end and did not finish.
                    Outcome::retry("was asked to end")
                }
            })
            .handle(|_, _: Keyed| std::future::pending()),
    );
    let listens = db.add(&Ping { n: 1 }).await;
    let deaf = db.add(&Keyed::new("deaf")).await;
    for id in [listens, deaf] {
        db.until(id, JobState::Running).await;
        assert_eq!(ask_to_end(&db, id).await, Some(cancel::Cancelled::Asked));
    }
    tokio::time::timeout(PATIENCE, asked.notified()).await.unwrap();
    for id in [listens, deaf] {
        db.until(id, JobState::Cancelled).await;
    }
    worker.stop().await;
}

#[tokio::test]
async fn a_job_that_finishes_although_it_was_asked_to_end_is_done() {
    let db = Db::new().await;
    let worker = db.work(Registry::new().handle(|cx: JobContext, _: Ping| async move {
        cx.cancel().cancelled().await;
        Outcome::Done
    }));
    let id = db.add(&Ping { n: 1 }).await;
    db.until(id, JobState::Running).await;
    ask_to_end(&db, id).await;
    db.until(id, JobState::Done).await;
    worker.stop().await;
}
