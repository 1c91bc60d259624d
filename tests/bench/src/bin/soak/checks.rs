//! Whether every guarantee was kept, and the measurements.

use crate::{
    Plan,
    faults::Faults,
    kind::{PlannedEnd, SoakJob},
};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Within this time a job must start again after its worker was killed.
const MAX_RECOVERY: TimeDelta = TimeDelta::seconds(15);

/// Waits until no job waits or runs, for at most three minutes.
pub async fn wait_until_all_ended(pool: &PgPool, plan: Plan) {
    let deadline = Instant::now() + Duration::from_secs(180);
    while Instant::now() < deadline {
        let left: i64 = number(pool, "select count(*) from jobs where state in ('queued', 'running')").await;
        let enqueued: i64 = number(pool, "select count(*) from enqueued").await;
        if left == 0 && enqueued == plan.jobs {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
}

async fn number(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// Prints the results. Returns whether every guarantee was kept.
pub async fn report(pool: &PgPool, plan: Plan, faults: &Faults) -> bool {
    let mut kept = true;
    let mut check = |what: &str, seen: i64, expected: i64| {
        println!(
            "| {what} | {expected} | {seen} | {} |",
            if seen == expected { "kept" } else { "**broken**" }
        );
        kept &= seen == expected;
    };
    println!("\n| guarantee | expected | seen | |\n|---|---|---|---|");
    check("jobs enqueued", number(pool, "select count(*) from enqueued").await, plan.jobs);
    check("jobs that exist", number(pool, "select count(*) from jobs").await, plan.jobs);
    let stuck = "select count(*) from jobs where state in ('queued', 'running')";
    check("jobs that wait or run at the end", number(pool, stuck).await, 0);
    check("jobs that ended in another state than planned", wrong_ends(pool).await, 0);
    let succeeding =
        (1..=plan.jobs).filter(|n| SoakJob { n: *n }.planned_end() != PlannedEnd::GiveUp).count();
    check("effects", number(pool, "select count(*) from effects").await, i64::try_from(succeeding).unwrap());
    let foreign = "select count(*) from effects e join jobs j on j.id = e.job where e.attempt > j.attempt";
    check("effects of an attempt that does not exist", number(pool, foreign).await, 0);
    let history = "select count(*) from jobs j where j.attempt <>
                   (select count(*) from job_attempts a where a.job_id = j.id)";
    check("jobs whose attempts are not all recorded", number(pool, history).await, 0);
    let (database_up, all) = recoveries(pool, faults).await;
    let late = database_up.iter().filter(|took| **took > MAX_RECOVERY).count();
    check("recoveries after a kill that took longer than 15 s", i64::try_from(late).unwrap(), 0);
    println!("\n| measured | |\n|---|---|");
    println!("| workers killed with -9 | {} |", faults.kills.len());
    println!(
        "| jobs that lost their worker | {} |",
        number(pool, "select count(*) from job_attempts where outcome = 'lost'").await
    );
    println!(
        "| recovery, database up: p50, p95, longest | {} of {} |",
        percentiles(&database_up),
        database_up.len()
    );
    println!(
        "| recovery, outages of the database included: p50, p95, longest | {} of {} |",
        percentiles(&all),
        all.len()
    );
    println!(
        "| most lost leases of one job | {} |",
        number(pool, "select max(lost_leases)::bigint from jobs").await
    );
    println!(
        "| effects rejected because the attempt had lost its job | {} |",
        number(pool, "select count(*) from rejected_effects").await
    );
    let found = "select count(*) from effects e join jobs j on j.id = e.job where e.attempt < j.attempt";
    println!("| effects found when the job ran again, not repeated | {} |", number(pool, found).await);
    kept
}

/// Jobs whose state is not the planned one.
async fn wrong_ends(pool: &PgPool) -> i64 {
    let ends: Vec<(i64, String)> =
        sqlx::query_as("select a.n, j.state from enqueued a join jobs j on j.id = a.job")
            .fetch_all(pool)
            .await
            .unwrap();
    let wrong = ends.iter().filter(|(n, state)| SoakJob { n: *n }.final_state().as_str() != state).count();
    i64::try_from(wrong).unwrap()
}

/// The time from each kill to the next start of each job that it hit: while the database was available, and in all.
async fn recoveries(pool: &PgPool, faults: &Faults) -> (Vec<TimeDelta>, Vec<TimeDelta>) {
    let hits: Vec<(Uuid, DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
        "select k.worker, k.at, next.started_at
         from kills k join job_attempts lost on lost.worker = k.worker and lost.outcome = 'lost'
         join job_attempts next on next.job_id = lost.job_id and next.attempt = lost.attempt + 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let all: Vec<_> = hits.iter().map(|(_, killed, started)| *started - *killed).collect();
    let database_up = hits.iter().filter(|(_, killed, _)| faults.is_database_up(*killed, MAX_RECOVERY));
    (sorted(database_up.map(|(_, killed, started)| *started - *killed).collect()), sorted(all))
}

fn sorted(mut times: Vec<TimeDelta>) -> Vec<TimeDelta> {
    times.sort_unstable();
    times
}

fn percentiles(sorted: &[TimeDelta]) -> String {
    let at = |part: f64| {
        let index = (sorted.len().saturating_sub(1) as f64 * part).round() as usize;
        sorted.get(index).map_or_else(|| "–".to_owned(), |took| format!("{:.1} s", took.as_seconds_f64()))
    };
    format!("{}, {}, {}", at(0.5), at(0.95), at(1.0))
}
