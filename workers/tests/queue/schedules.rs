//! Schedules: one job per tick, whatever the number of workers and whatever their clocks say.

use crate::{clocks::ShiftedWorker, harness::*, kinds::*};
use chrono::{DateTime, Utc};
use jobs::{
    Job, JobState, Outcome,
    kinds::PruneJobs,
    schedules::{self, Expression, ScheduleView, Switch},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use workers::Registry;

/// Counts how often the scheduled job runs.
#[derive(Clone, Default)]
pub struct Runs(Arc<AtomicUsize>);

impl Runs {
    pub fn registry(&self) -> Registry {
        let runs = self.clone();
        Registry::new().handle(move |_, _: PruneJobs| {
            let runs = runs.clone();
            async move {
                runs.0.fetch_add(1, SeqCst);
                Outcome::Done
            }
        })
    }
}

/// Sets the next tick of `prune-jobs` by the database's clock.
pub async fn due_in(db: &Db, seconds: f64) -> DateTime<Utc> {
    sqlx::query_scalar(
        "update schedules set next_due = clock_timestamp() + make_interval(secs => $1)
         where name = 'prune-jobs' returning next_due",
    )
    .bind(seconds)
    .fetch_one(&db.raw)
    .await
    .unwrap()
}

pub async fn schedule(db: &Db) -> ScheduleView {
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    schedules::get(&mut tx, "prune-jobs").await.unwrap().unwrap()
}

pub async fn wait_for_tick(db: &Db, due: DateTime<Utc>) -> ScheduleView {
    eventually("the tick is taken", || async {
        let schedule = schedule(db).await;
        (schedule.last_due == Some(due)).then_some(schedule)
    })
    .await
}

pub async fn count_enqueued(db: &Db) -> i64 {
    sqlx::query_scalar("select count(*) from jobs where kind = $1")
        .bind(PruneJobs::KIND)
        .fetch_one(&db.raw)
        .await
        .unwrap()
}

#[tokio::test]
async fn eight_workers_run_one_tick_once() {
    let db = Db::new().await;
    let due = due_in(&db, 2.0).await;
    let runs = Runs::default();
    let workers: Vec<_> = (0..8).map(|_| db.start_worker(runs.registry())).collect();
    let after = wait_for_tick(&db, due).await;
    db.wait_for_state(after.last_job().unwrap(), JobState::Done).await;
    // By then every worker has looked again.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((count_enqueued(&db).await, runs.0.load(SeqCst)), (1, 1));
    let job = db.job(after.last_job().unwrap()).await;
    assert!(job.created_at >= due, "not before its time");
    assert!(job.created_at - due < chrono::TimeDelta::seconds(5), "{}", job.created_at - due);
    assert!(after.next_due.unwrap() > due, "the next tick is computed");
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test]
async fn ticks_that_were_missed_result_in_one_run() {
    let db = Db::new().await;
    sqlx::query("update schedules set cron = '* * * * *'").execute(&db.raw).await.unwrap();
    let due = due_in(&db, -86_400.0).await;
    let runs = Runs::default();
    let worker = db.start_worker(runs.registry());
    let after = wait_for_tick(&db, due).await;
    db.wait_for_state(after.last_job().unwrap(), JobState::Done).await;
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let ahead = after.next_due.unwrap() - schedules::now(&mut tx).await.unwrap();
    assert!(ahead <= chrono::TimeDelta::minutes(1), "the next one is the next minute: {ahead}");
    assert_eq!(count_enqueued(&db).await, 1);
    worker.stop().await;
}

#[tokio::test]
async fn ticks_of_a_disabled_schedule_do_not_run_and_are_not_made_up_for() {
    let db = Db::new().await;
    let due = due_in(&db, -5.0).await;
    let hourly = Expression::parse("0 * * * *").unwrap();
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    assert!(schedules::change(&mut tx, "prune-jobs", &hourly, Switch::Off, due).await.unwrap());
    tx.commit().await.unwrap();
    let kinds = [PruneJobs::KIND.to_owned()];
    assert_eq!(schedules::tick(&db.store, &kinds).await.unwrap(), None);
    assert_eq!(schedule(&db).await.next_due, None, "nothing is next while it is off");
    // It can still be run by hand.
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let run = schedules::run_now(&mut tx, &SYSTEM, "prune-jobs").await.unwrap().unwrap();
    assert!(schedules::run_now(&mut tx, &SYSTEM, "nothing").await.unwrap().is_none());
    let next = hourly.next_after(schedules::now(&mut tx).await.unwrap()).unwrap();
    schedules::change(&mut tx, "prune-jobs", &hourly, Switch::On, next).await.unwrap();
    tx.commit().await.unwrap();
    let pause = schedules::tick(&db.store, &kinds).await.unwrap().unwrap();
    assert!(pause > Duration::ZERO && pause <= Duration::from_secs(3600), "{pause:?}");
    let after = schedule(&db).await;
    assert_eq!((after.last_job(), after.last_due, count_enqueued(&db).await), (Some(run.id), None, 1));
}

#[tokio::test]
async fn a_schedule_without_a_tick_gets_one_and_a_broken_one_is_switched_off() {
    let db = Db::new().await;
    sqlx::query(
        "update schedules set cron = 'nonsense', next_due = now() - interval '1 s' where name = 'reap-idle'",
    )
    .execute(&db.raw)
    .await
    .unwrap();
    assert_eq!(schedule(&db).await.next_due, None);
    let kinds = [PruneJobs::KIND.to_owned(), "reap-idle".to_owned()];
    schedules::tick(&db.store, &kinds).await.unwrap();
    assert!(schedule(&db).await.next_due.is_some());
    assert_eq!(count_enqueued(&db).await, 0, "no tick has come");
    let broken: bool = sqlx::query_scalar("select enabled from schedules where name = 'reap-idle'")
        .fetch_one(&db.raw)
        .await
        .unwrap();
    assert!(!broken);
}

#[tokio::test]
async fn a_worker_skips_schedules_whose_kind_it_has_no_handler_for() {
    let db = Db::new().await;
    let due = due_in(&db, -1.0).await;
    let worker = db.start_worker(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    let id = db.enqueue(&Ping { n: 0 }).await;
    db.wait_for_state(id, JobState::Done).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((count_enqueued(&db).await, schedule(&db).await.next_due), (0, Some(due)));
    worker.stop().await;
}

#[tokio::test]
async fn every_kind_that_is_scheduled_by_default_can_be_run() {
    let db = Db::new().await;
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let all = schedules::list(&mut tx).await.unwrap();
    assert!(all.len() >= 3);
    for schedule in all {
        assert!(jobs::kinds::ALL.iter().any(|(kind, _)| *kind == schedule.kind), "{}", schedule.kind);
        Expression::parse(&schedule.cron).unwrap();
        assert!(schedules::run_now(&mut tx, &SYSTEM, &schedule.name).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn clocks_five_minutes_apart_change_nothing() {
    let db = Db::new().await;
    let due = due_in(&db, 4.0).await;
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(db.enqueue_in(&Ping { n: 50 }, Duration::from_millis(3_000 + 100 * n)).await);
    }
    // Longer than a lease, and due at once: whichever worker claims it, the other must not think that its lease lapsed.
    let long = db.enqueue(&Ping { n: 6_000 }).await;
    let (ahead, behind) = (ShiftedWorker::start(&db, 300), ShiftedWorker::start(&db, -300));
    for id in &ids {
        let job = db.wait_for_state(*id, JobState::Done).await;
        let late = job.started_at.unwrap() - job.due_at;
        assert!(late >= chrono::TimeDelta::zero() && late < chrono::TimeDelta::seconds(5), "{late}");
        assert_eq!((job.attempt, job.lost_leases), (1, 0));
    }
    let job = db.wait_for_state(long, JobState::Done).await;
    assert_eq!((job.attempt, job.lost_leases), (1, 0));
    let after = wait_for_tick(&db, due).await;
    db.wait_for_state(after.last_job().unwrap(), JobState::Done).await;
    assert_eq!(count_enqueued(&db).await, 1);
    drop((ahead, behind));
}
