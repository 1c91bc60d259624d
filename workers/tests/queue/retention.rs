//! What is deleted from the history, and what stays.

use crate::{harness::*, kinds::*};
use jobs::{JobState, Outcome, prune};
use workers::Registry;

async fn count(db: &Db, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&db.raw).await.unwrap()
}

#[tokio::test]
async fn old_jobs_are_deleted_in_batches_with_their_attempts() {
    let db = Db::new().await;
    let worker = db.start_worker(Registry::new().handle(|cx: workers::JobContext, ping: Ping| async move {
        cx.phase("work").await;
        if ping.n == 9 {
            cx.cancel().cancelled().await;
        }
        Outcome::Done
    }));
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(db.enqueue(&Ping { n }).await);
    }
    for id in &ids {
        db.wait_for_state(*id, JobState::Done).await;
    }
    let running = db.enqueue(&Ping { n: 9 }).await;
    db.wait_for_state(running, JobState::Running).await;
    let waiting = db.enqueue_in(&Ping { n: 1 }, std::time::Duration::from_secs(3600)).await;
    sqlx::query("update jobs set finished_at = now() - interval '31 days' where id = any($1)")
        .bind(ids[..4].iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .execute(&db.raw)
        .await
        .unwrap();
    sqlx::query("update jobs set created_at = now() - interval '90 days' where id = any($1)")
        .bind([running.uuid(), waiting.uuid()])
        .execute(&db.raw)
        .await
        .unwrap();
    let mut deleted = Vec::new();
    for _ in 0..3 {
        let mut tx = db.store.begin(&SYSTEM).await.unwrap();
        deleted.push(prune::finished(&mut tx, 30, 3).await.unwrap());
        tx.commit().await.unwrap();
    }
    assert_eq!(deleted, [3, 1, 0]);
    assert_eq!(
        count(&db, "select count(*) from jobs").await,
        3,
        "the recent, the running and the waiting job"
    );
    assert_eq!(count(&db, "select count(*) from job_attempts").await, 1);
    assert_eq!(count(&db, "select count(distinct job_id) from job_phases").await, 2);
    worker.shutdown.cancel();
}

#[tokio::test]
async fn old_workers_are_deleted_unless_they_hold_a_job() {
    let db = Db::new().await;
    let worker = |age: &'static str| {
        let raw = db.raw.clone();
        async move {
            let id = uuid::Uuid::now_v7();
            let sql = "insert into workers (id, host, pid, version, lanes, last_seen)
                       values ($1, 'h', 1, '0', '{}', now() - $2::interval)";
            sqlx::query(sql).bind(id).bind(age).execute(&raw).await.unwrap();
            id
        }
    };
    let (old, holding, recent) = (worker("8 days").await, worker("8 days").await, worker("1 hour").await);
    let job = db.enqueue(&Ping { n: 0 }).await;
    sqlx::query("update jobs set state = 'running', lease_owner = $2, lease_until = now() where id = $1")
        .bind(job.uuid())
        .bind(holding)
        .execute(&db.raw)
        .await
        .unwrap();
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    assert_eq!(prune::workers(&mut tx).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let mut left: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from workers").fetch_all(&db.raw).await.unwrap();
    left.sort_unstable();
    assert!(!left.contains(&old) && left == [holding, recent]);
}
