//! How attempts end: retries with back-off, failures, panics, time limits, invalid payloads, cancellation.

use crate::{harness::*, kinds::*};
use chrono::TimeDelta;
use domain::JobId;
use jobs::{JobState, Outcome, cancel};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;
use workers::{JobContext, Registry};

/// The time between the end of each attempt and the start of the next.
async fn delays(db: &Db, id: JobId) -> Vec<TimeDelta> {
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let attempts = jobs::attempts(&mut tx, id).await.unwrap();
    attempts.windows(2).map(|pair| pair[1].started_at - pair[0].finished_at).collect()
}

#[tokio::test]
async fn failed_attempts_back_off_and_leave_the_job_dead_with_the_last_reason() {
    let db = Db::new().await;
    let worker = db.start_worker(Registry::new().handle(|cx: JobContext, _: Flaky| async move {
        Outcome::retry(format!("failed on purpose in attempt {}", cx.attempt()))
    }));
    let id = db.enqueue(&Flaky {}).await;
    let job = db.wait_for_state(id, JobState::Dead).await;
    assert_eq!((job.failures, job.attempt), (3, 3));
    assert_eq!(job.last_error.as_deref(), Some("failed on purpose in attempt 3"));
    assert_eq!(db.outcomes(id).await, ["retry"; 3]);
    let delays = delays(&db, id).await;
    // 200 ms and 400 ms, each spread over 75 % to 125 %.
    assert!(delays[0] >= TimeDelta::milliseconds(150), "{delays:?}");
    assert!(delays[1] >= TimeDelta::milliseconds(300), "{delays:?}");
    worker.stop().await;
}

#[tokio::test]
async fn a_handler_may_choose_the_delay_and_succeed_later() {
    let db = Db::new().await;
    let worker = db.start_worker(Registry::new().handle(|cx: JobContext, _: Flaky| async move {
        match cx.attempt() {
            1 => Outcome::Retry { after: Some(Duration::from_millis(1200)), reason: "try later".into() },
            _ => Outcome::Done,
        }
    }));
    let id = db.enqueue(&Flaky {}).await;
    let job = db.wait_for_state(id, JobState::Done).await;
    assert_eq!((job.failures, job.last_error), (1, None));
    assert!(delays(&db, id).await[0] >= TimeDelta::milliseconds(1200));
    worker.stop().await;
}

#[tokio::test]
async fn a_failure_for_good_is_not_retried_and_its_reason_is_truncated() {
    let db = Db::new().await;
    let worker =
        db.start_worker(Registry::new().handle(|_, _: Flaky| async { Outcome::fail("no\0 ".repeat(1000)) }));
    let id = db.enqueue(&Flaky {}).await;
    let job = db.wait_for_state(id, JobState::Failed).await;
    assert_eq!((job.failures, job.last_error.unwrap().chars().count()), (0, 500));
    assert_eq!(db.outcomes(id).await, ["fail"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_panic_is_a_failed_attempt_and_does_not_end_the_worker() {
    let db = Db::new().await;
    let worker = db.start_worker(
        Registry::new()
            .handle(|_, _: Flaky| async { panic!("on purpose: canary") })
            .handle(|_, _: Ping| async { Outcome::Done }),
    );
    let id = db.enqueue(&Flaky {}).await;
    let job = db.wait_for_state(id, JobState::Dead).await;
    assert_eq!(job.failures, 3);
    assert!(!job.last_error.unwrap().contains("canary"), "the owner does not see the message of a panic");
    let after = db.enqueue(&Ping { n: 1 }).await;
    db.wait_for_state(after, JobState::Done).await;
    worker.stop().await;
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_ended_and_counts_as_failed() {
    let db = Db::new().await;
    let worker = db.start_worker(Registry::new().handle(|cx: JobContext, _: Flaky| async move {
        if cx.attempt() < 3 {
            std::future::pending::<()>().await;
        }
        Outcome::Done
    }));
    let id = db.enqueue(&Flaky {}).await;
    let job = db.wait_for_state(id, JobState::Done).await;
    assert_eq!(job.failures, 2);
    assert_eq!(db.outcomes(id).await, ["retry", "retry", "done"]);
    worker.stop().await;
}

#[tokio::test]
async fn an_invalid_payload_fails_its_job_and_nothing_else() {
    let db = Db::new().await;
    let mut invalid = Vec::new();
    // A wrong type, a missing field, a number that is too large for any of our types.
    for payload in ["{\"n\": \"text: canary\"}", "[]", "{\"n\": 1e400}"] {
        let id = db.enqueue(&Ping { n: 1 }).await;
        sqlx::query("update jobs set payload = $2::jsonb where id = $1")
            .bind(id.uuid())
            .bind(payload)
            .execute(&db.raw)
            .await
            .unwrap();
        invalid.push(id);
    }
    let valid = db.enqueue(&Ping { n: 2 }).await;
    let worker = db.start_worker(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    db.wait_for_state(valid, JobState::Done).await;
    for id in invalid {
        let job = db.wait_for_state(id, JobState::Failed).await;
        assert!(!job.last_error.unwrap().contains("canary"));
    }
    worker.stop().await;
}

async fn cancel_one(db: &Db, id: JobId) -> Option<cancel::Cancellation> {
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let cancelled = cancel::one(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
    cancelled
}

#[tokio::test]
async fn a_waiting_job_is_cancelled_at_once_and_a_finished_one_not_at_all() {
    let db = Db::new().await;
    let id = db.enqueue_in(&Ping { n: 1 }, Duration::from_millis(500)).await;
    assert_eq!(cancel_one(&db, id).await, Some(cancel::Cancellation::Immediate));
    assert_eq!(cancel_one(&db, id).await, None);
    let worker = db.start_worker(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    let other = db.enqueue_in(&Ping { n: 2 }, Duration::from_millis(700)).await;
    db.wait_for_state(other, JobState::Done).await;
    let job = db.job(id).await;
    assert_eq!((job.state, job.attempt), (JobState::Cancelled, 0));
    worker.stop().await;
}

#[tokio::test]
async fn cancelling_stops_a_handler_that_checks_for_it_and_one_that_does_not() {
    let db = Db::new().await;
    let stopping = Arc::new(Notify::new());
    let notify = Arc::clone(&stopping);
    let worker = db.start_worker(
        Registry::new()
            .handle(move |cx: JobContext, _: Ping| {
                let notify = Arc::clone(&notify);
                async move {
                    cx.cancel().cancelled().await;
                    notify.notify_one();
                    // Whatever it returns now: it was cancelled and did not finish.
                    Outcome::retry("was cancelled")
                }
            })
            .handle(|_, _: Keyed| std::future::pending()),
    );
    let checks = db.enqueue(&Ping { n: 1 }).await;
    let ignores = db.enqueue(&Keyed::new("ignores")).await;
    for id in [checks, ignores] {
        db.wait_for_state(id, JobState::Running).await;
        assert_eq!(cancel_one(&db, id).await, Some(cancel::Cancellation::Requested));
    }
    tokio::time::timeout(TIMEOUT, stopping.notified()).await.unwrap();
    for id in [checks, ignores] {
        db.wait_for_state(id, JobState::Cancelled).await;
    }
    worker.stop().await;
}

#[tokio::test]
async fn a_job_that_finishes_although_it_was_cancelled_is_done() {
    let db = Db::new().await;
    let worker = db.start_worker(Registry::new().handle(|cx: JobContext, _: Ping| async move {
        cx.cancel().cancelled().await;
        Outcome::Done
    }));
    let id = db.enqueue(&Ping { n: 1 }).await;
    db.wait_for_state(id, JobState::Running).await;
    cancel_one(&db, id).await;
    db.wait_for_state(id, JobState::Done).await;
    worker.stop().await;
}
