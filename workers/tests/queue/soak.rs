//! A short soak test: workers are killed and connections cut again and again, and every job still ends, with one
//! effect. `make soak` is the long one.

use crate::{crashes::Process, harness::*, kinds::*};
use jobs::JobState;
use std::time::Duration;

const JOBS: u32 = 300;

#[tokio::test]
async fn jobs_end_once_while_workers_are_killed_and_connections_cut() {
    let db = Db::new().await;
    let mut processes: Vec<_> = (0..3).map(|_| Process::start(&db)).collect();
    let enqueuing = async {
        for n in 0..JOBS {
            db.enqueue(&Ping { n: (n * 37) % 300 }).await;
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    };
    let killing = async {
        // In turn, so that each lives longer than a lease: there is always one that may take over.
        for round in 0..6 {
            tokio::time::sleep(Duration::from_secs(2)).await;
            processes[round % 3] = Process::start(&db);
            let sql = "select pg_terminate_backend(pid) from pg_stat_activity
                       where datname = current_database() and application_name = 'mosaic job engine'";
            if round == 3 {
                sqlx::query(sql).execute(&db.raw).await.unwrap();
            }
        }
    };
    tokio::join!(enqueuing, killing);
    let count =
        async |sql: &'static str| -> i64 { sqlx::query_scalar(sql).fetch_one(&db.raw).await.unwrap() };
    eventually("all have ended", || async {
        let left = count("select count(*) from jobs where state in ('queued', 'running')").await;
        (left == 0).then_some(())
    })
    .await;
    assert_eq!(count("select count(*) from jobs where state = 'done'").await, i64::from(JOBS));
    assert_eq!(count("select count(distinct job) from effects").await, i64::from(JOBS));
    // The handler of these tests does not check for an effect before it writes one. So only an attempt that was killed
    // between its effect and the record of its result may have left a second one, and that attempt counts as lost.
    let repeated = "select count(*) from (select job, count(*) - 1 as more from effects group by job) e
                   where more > (select count(*) from job_attempts a where a.job_id = e.job and a.outcome = 'lost')";
    assert_eq!(count(repeated).await, 0);
    assert!(
        count("select count(*) from job_attempts where outcome = 'lost'").await > 0,
        "the kills hit running jobs"
    );
    assert_eq!(
        count("select count(*) from jobs j where attempt <> (select count(*) from job_attempts a where a.job_id = j.id)").await,
        0
    );
    let state: String =
        sqlx::query_scalar("select distinct state from jobs").fetch_one(&db.raw).await.unwrap();
    assert_eq!(state, JobState::Done.as_str());
}
