//! Workers that crash or freeze: real processes, killed and stopped by signals.

use crate::{harness::*, kinds::*};
use domain::{JobId, WorkerId};
use jobs::{JobState, Outcome};
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use uuid::Uuid;
use workers::{JobContext, Registry, WorkerConfig};

const LEASE_DURATION: Duration = Duration::from_secs(3);

fn config(worker: &mut WorkerConfig) {
    worker.lease_duration = LEASE_DURATION;
}

/// The job whose second attempt still runs when the worker of the first continues.
const FROZEN_JOB: Ping = Ping { n: 2_000 };

/// Works for the payload's milliseconds in its first attempt, then writes its effect if it still has the job.
pub fn registry(db: &Db) -> Registry {
    let store = db.store.clone();
    Registry::new().handle(move |cx: JobContext, ping: Ping| {
        let store = store.clone();
        async move {
            let work_millis = match cx.attempt() {
                1 => u64::from(ping.n),
                2 if ping == FROZEN_JOB => 6_000,
                _ => 0,
            };
            tokio::time::sleep(Duration::from_millis(work_millis)).await;
            let fenced = async {
                let mut tx = store.begin(&SYSTEM).await?;
                cx.fence(&mut tx).await?;
                sqlx::query("insert into effects (job, attempt) values ($1, $2)")
                    .bind(cx.id().uuid())
                    .bind(cx.attempt())
                    .execute(tx.conn())
                    .await?;
                tx.commit().await
            };
            match fenced.await {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::retry(error.to_string()),
            }
        }
    })
}

/// Not a test: the worker process that the tests below start from this same binary.
#[tokio::test]
async fn child() {
    let Ok(name) = std::env::var("QUEUE_TEST_CHILD") else { return };
    let db = Db::open(&name).await;
    let mut own = crate::harness::config();
    config(&mut own);
    let worker = Worker::start(db.store.clone(), registry(&db), own);
    worker.task.await.unwrap().unwrap();
}

pub struct Process(Child);

impl Process {
    pub fn start(db: &Db) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crashes::child", "--nocapture"])
            .env("QUEUE_TEST_CHILD", &db.name)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([&format!("-{name}"), &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn assert_taken_over(db: &Db, id: JobId) {
    let job = db.wait_for_state(id, JobState::Done).await;
    assert_eq!((job.attempt, job.lost_leases, job.failures), (2, 1, 0));
    assert_eq!(db.outcomes(id).await, ["lost", "done"]);
}

#[tokio::test]
async fn a_killed_workers_job_is_finished_by_another() {
    let db = Db::new().await;
    let mut process = Process::start(&db);
    let id = db.enqueue(&Ping { n: 120_000 }).await;
    db.wait_for_state(id, JobState::Running).await;
    let other = db.start_worker_with(registry(&db), config);
    tokio::time::sleep(LEASE_DURATION).await;
    let killed = Instant::now();
    process.0.kill().unwrap();
    assert_taken_over(&db, id).await;
    assert!(killed.elapsed() < Duration::from_secs(30), "took {:?}", killed.elapsed());
    assert_eq!(db.effects(id).await, 1);
    other.stop().await;
}

#[tokio::test]
async fn a_job_is_taken_over_although_no_worker_lives_as_long_as_a_lease() {
    let db = Db::new().await;
    let id = db.enqueue(&Ping { n: 120_000 }).await;
    let mut workers = vec![Process::start(&db)];
    db.wait_for_state(id, JobState::Running).await;
    let begun = Instant::now();
    let done = loop {
        // There are always two, and the older one is killed.
        workers.push(Process::start(&db));
        tokio::time::sleep(LEASE_DURATION / 3).await;
        if workers.len() > 2 {
            drop(workers.remove(0));
        }
        let job = db.job(id).await;
        if job.state == JobState::Done {
            break job;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "no worker takes it over: {job:?}");
    };
    assert_eq!((done.failures, db.effects(id).await), (0, 1));
}

#[tokio::test]
async fn a_frozen_worker_that_continues_changes_nothing() {
    let db = Db::new().await;
    let process = Process::start(&db);
    let id = db.enqueue(&FROZEN_JOB).await;
    db.wait_for_state(id, JobState::Running).await;
    process.signal("STOP");
    let other = db.start_worker_with(registry(&db), config);
    eventually("another worker has the job", || async {
        let job = db.job(id).await;
        (job.attempt == 2 && job.state == JobState::Running).then_some(())
    })
    .await;
    // It continues in the middle of its attempt while the next one runs: its effect and its result are rejected.
    process.signal("CONT");
    assert_taken_over(&db, id).await;
    let effects: Vec<i32> =
        sqlx::query_scalar("select attempt from effects").fetch_all(&db.raw).await.unwrap();
    assert_eq!(effects, [2]);
    // And it can do new work.
    other.stop().await;
    let next = db.enqueue(&Ping { n: 0 }).await;
    db.wait_for_state(next, JobState::Done).await;
}

#[tokio::test]
async fn a_job_that_keeps_losing_its_worker_dies_at_the_limit() {
    let db = Db::new().await;
    let mut ids = Vec::new();
    for lost in [18, 19] {
        let id = db.enqueue(&Ping { n: 0 }).await;
        sqlx::query(
            "update jobs set state = 'running', attempt = $2 + 1, lost_leases = $2, lease_owner = $3,
                    lease_until = now() - interval '1 minute', started_at = now() where id = $1",
        )
        .bind(id.uuid())
        .bind(lost)
        .bind(WorkerId::from(Uuid::now_v7()).uuid())
        .execute(&db.raw)
        .await
        .unwrap();
        ids.push(id);
    }
    let worker = db.start_worker_with(registry(&db), config);
    let dead = db.wait_for_state(ids[1], JobState::Dead).await;
    assert_eq!(dead.lost_leases, 20);
    assert!(dead.last_error.unwrap().contains("disappeared 20 times"));
    let done = db.wait_for_state(ids[0], JobState::Done).await;
    assert_eq!((done.lost_leases, done.failures), (19, 0));
    worker.stop().await;
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_not_renewed_and_runs_later() {
    let db = Db::new().await;
    let mut own = crate::harness::config();
    config(&mut own);
    let worker = own.worker;
    let running = Worker::start(db.store.clone(), registry(&db), own);
    eventually("the worker is registered", || async {
        let seen: i64 = sqlx::query_scalar("select count(*) from workers").fetch_one(&db.raw).await.unwrap();
        (seen > 0).then_some(())
    })
    .await;
    // As if this worker had claimed it and never received the answer.
    let id = db.enqueue_in(&Ping { n: 0 }, Duration::from_secs(3600)).await;
    sqlx::query(
        "update jobs set state = 'running', attempt = 1, lease_owner = $2, lease_until = now() + interval '3 s',
                started_at = now() where id = $1",
    )
    .bind(id.uuid())
    .bind(worker.uuid())
    .execute(&db.raw)
    .await
    .unwrap();
    assert_taken_over(&db, id).await;
    running.stop().await;
}
