//! Enqueueing and claiming: transactions, due times, order, what a handler knows.

use crate::{harness::*, kinds::*};
use domain::{Actor, TraceParent};
use jobs::{Due, JobState, Options, Outcome, Priority};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use workers::{JobContext, Registry};

#[tokio::test]
async fn a_job_exists_exactly_when_its_transaction_commits() {
    let db = Db::new().await;
    let worker = db.start_worker(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let lost = jobs::enqueue(&mut tx, &SYSTEM, &Ping { n: 1 }, Options::default()).await.unwrap();
    drop(tx);
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let kept = jobs::enqueue(&mut tx, &SYSTEM, &Ping { n: 2 }, Options::default()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(
        jobs::get(&mut tx, kept.id).await.unwrap().unwrap().state,
        JobState::Queued,
        "not committed yet"
    );
    tx.commit().await.unwrap();
    db.wait_for_state(kept.id, JobState::Done).await;
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    assert!(jobs::get(&mut tx, lost.id).await.unwrap().is_none());
    worker.stop().await;
}

#[tokio::test]
async fn a_job_starts_at_its_due_time_and_never_before() {
    let db = Db::new().await;
    // The poll interval is ten minutes: only a notification and a timer can start these.
    let worker = db.start_worker(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    let now = db.enqueue(&Ping { n: 0 }).await;
    db.wait_for_state(now, JobState::Done).await;
    let mut ids = Vec::new();
    for millis in [1500, 333, 901] {
        ids.push(db.enqueue_in(&Ping { n: millis }, Duration::from_millis(millis.into())).await);
    }
    let at: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("select now() + interval '2 seconds'").fetch_one(&db.raw).await.unwrap();
    let options = Options { due: Due::At(at), ..Options::default() };
    ids.push(db.enqueue_with(&SYSTEM, &Ping { n: 4 }, options).await.id);
    for id in ids {
        let job = db.wait_for_state(id, JobState::Done).await;
        let late = job.started_at.unwrap() - job.due_at;
        assert!(late >= chrono::TimeDelta::zero(), "started {late} early");
        assert!(late < chrono::TimeDelta::seconds(5), "started {late} late");
    }
    worker.stop().await;
}

#[tokio::test]
async fn higher_priorities_start_first_and_equal_ones_in_order() {
    let db = Db::new().await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut last = None;
    for (n, priority) in [
        (3, Priority::Normal),
        (5, Priority::Low),
        (1, Priority::High),
        (4, Priority::Normal),
        (2, Priority::High),
    ] {
        let options = Options { priority: Some(priority), ..Options::default() };
        let added = db.enqueue_with(&SYSTEM, &Ping { n }, options).await;
        last = Some(added.id).filter(|_| n == 5).or(last);
    }
    let seen = Arc::clone(&order);
    let registry = Registry::new().handle(move |_, ping: Ping| {
        seen.lock().unwrap().push(ping.n);
        async { Outcome::Done }
    });
    let worker = db.start_worker_with(registry, |config| config.lanes = slots(1));
    db.wait_for_state(last.unwrap(), JobState::Done).await;
    assert_eq!(*order.lock().unwrap(), [1, 2, 3, 4, 5]);
    worker.stop().await;
}

#[tokio::test]
async fn a_handler_knows_whose_rights_and_which_trace_it_has() {
    let db = Db::new().await;
    let user = db.user().await;
    let contexts = Arc::new(Mutex::new(Vec::<JobContext>::new()));
    let seen = Arc::clone(&contexts);
    let registry = Registry::new().handle(move |cx, _: Ping| {
        seen.lock().unwrap().push(cx);
        async { Outcome::Done }
    });
    let trace = TraceParent::new(7, 9);
    let mut tx = db.store.begin(&person(user)).await.unwrap().traced(Some(trace.clone()));
    let job = jobs::enqueue(&mut tx, &person(user), &Ping { n: 1 }, Options::default()).await.unwrap();
    tx.commit().await.unwrap();
    let users = job.id;
    let worker = db.start_worker(registry);
    db.wait_for_state(users, JobState::Done).await;
    let systems = db.enqueue(&Ping { n: 2 }).await;
    db.wait_for_state(systems, JobState::Done).await;
    worker.stop().await;
    let contexts = contexts.lock().unwrap();
    assert_eq!((contexts[0].id(), contexts[0].kind(), contexts[0].attempt()), (users, "ping", 1));
    assert_eq!((contexts[0].owner(), contexts[0].actor()), (Some(user), person(user)));
    assert_eq!((contexts[0].trace(), contexts[1].trace()), (Some(&trace), None));
    assert_eq!((contexts[1].owner(), contexts[1].actor()), (None, Actor::System("ping")));
}

#[tokio::test]
async fn phases_and_progress_are_rows_while_the_job_runs_and_after() {
    let db = Db::new().await;
    let registry = Registry::new().handle(|cx: JobContext, _: Ping| async move {
        cx.phase("reach").await;
        cx.phase("check").await;
        cx.progress(40).await;
        cx.cancel().cancelled().await;
        Outcome::Cancelled
    });
    let worker = db.start_worker(registry);
    let id = db.enqueue(&Ping { n: 1 }).await;
    eventually("progress shows", || async { (db.job(id).await.progress == Some(40)).then_some(()) }).await;
    let phases = || async {
        let mut tx = db.store.begin(&SYSTEM).await.unwrap();
        let phases = jobs::phases(&mut tx, id).await.unwrap();
        phases.into_iter().map(|p| (p.name, p.finished_at.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(phases().await, [("reach".to_owned(), true), ("check".to_owned(), false)]);
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    jobs::cancel::one(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
    db.wait_for_state(id, JobState::Cancelled).await;
    assert_eq!(phases().await, [("reach".to_owned(), true), ("check".to_owned(), true)]);
    assert_eq!(db.outcomes(id).await, ["cancelled"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_kind_without_a_handler_waits_for_another_worker_and_holds_up_no_other_job() {
    let db = Db::new().await;
    let foreign = db.enqueue(&Keyed::new("x")).await;
    let worker = db.start_worker(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    let own = db.enqueue(&Ping { n: 1 }).await;
    db.wait_for_state(own, JobState::Done).await;
    assert_eq!(db.job(foreign).await.state, JobState::Queued);
    let other = db.start_worker(Registry::new().handle(|_, _: Keyed| async { Outcome::Done }));
    db.wait_for_state(foreign, JobState::Done).await;
    worker.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn many_workers_run_every_job_once() {
    let db = Db::new().await;
    let registry = |db: &Db| {
        let raw = db.raw.clone();
        Registry::new().handle(move |cx: JobContext, _: Ping| {
            let raw = raw.clone();
            async move {
                let insert = sqlx::query("insert into effects (job, attempt) values ($1, $2)");
                match insert.bind(cx.id().uuid()).bind(cx.attempt()).execute(&raw).await {
                    Ok(_) => Outcome::Done,
                    Err(error) => Outcome::retry(error.to_string()),
                }
            }
        })
    };
    let workers: Vec<_> = (0..4).map(|_| db.start_worker(registry(&db))).collect();
    for n in 0..300 {
        db.enqueue(&Ping { n }).await;
    }
    eventually("all are done", || async {
        let left: i64 = sqlx::query_scalar("select count(*) from jobs where state <> 'done'")
            .fetch_one(&db.raw)
            .await
            .unwrap();
        (left == 0).then_some(())
    })
    .await;
    let counts: (i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from effects), (select count(distinct job) from effects),
                (select count(distinct worker) from job_attempts)",
    )
    .fetch_one(&db.raw)
    .await
    .unwrap();
    assert_eq!((counts.0, counts.1), (300, 300));
    assert!(counts.2 > 1, "one worker did everything");
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test]
async fn waiting_for_a_job_ends_with_it() {
    let db = Db::new().await;
    let mut listener = sqlx::postgres::PgListener::connect_with(&db.raw).await.unwrap();
    listener.listen(jobs::JOB_ENDED).await.unwrap();
    let (notifications, feed) = store::listen::NotificationHub::new(db.raw.clone());
    let feed = tokio::spawn(feed);
    let worker = db.start_worker(Registry::new().handle(|_, _: Ping| async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        Outcome::Done
    }));
    let id = db.enqueue(&Ping { n: 1 }).await;
    let early = jobs::wait(&db.store, &notifications, &SYSTEM, id, Duration::ZERO).await.unwrap().unwrap();
    assert!(!early.state.is_final());
    let job = jobs::wait(&db.store, &notifications, &SYSTEM, id, TIMEOUT).await.unwrap().unwrap();
    assert_eq!((job.state, job.progress), (JobState::Done, Some(100)));
    let notification = tokio::time::timeout(TIMEOUT, listener.recv()).await.unwrap().unwrap();
    assert_eq!(notification.payload(), id.uuid().to_string());
    let stranger = person(db.user().await);
    assert!(jobs::wait(&db.store, &notifications, &stranger, id, TIMEOUT).await.unwrap().is_none());
    feed.abort();
    worker.stop().await;
}
