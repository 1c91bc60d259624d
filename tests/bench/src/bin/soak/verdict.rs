//! Whether every promise held, and the figures.

use crate::{
    Plan,
    kind::{Fate, Soaked},
    misfortune::Suffered,
};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// The stated bound of a recovery after a kill.
const BOUND: TimeDelta = TimeDelta::seconds(15);

/// Waits until nothing waits or runs; at most three minutes.
pub async fn wait_until_over(pool: &PgPool, plan: Plan) {
    let deadline = Instant::now() + Duration::from_secs(180);
    while Instant::now() < deadline {
        let left: i64 = number(pool, "select count(*) from jobs where state in ('queued', 'running')").await;
        let asked: i64 = number(pool, "select count(*) from asked").await;
        if left == 0 && asked == plan.jobs {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
}

async fn number(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// Says all of it; whether everything held.
pub async fn give(pool: &PgPool, plan: Plan, suffered: &Suffered) -> bool {
    let mut kept = true;
    let mut check = |what: &str, seen: i64, wanted: i64| {
        println!("| {what} | {wanted} | {seen} | {} |", if seen == wanted { "kept" } else { "**broken**" });
        kept &= seen == wanted;
    };
    println!("\n| promise | wanted | seen | |\n|---|---|---|---|");
    check("jobs asked for", number(pool, "select count(*) from asked").await, plan.jobs);
    check("jobs there are", number(pool, "select count(*) from jobs").await, plan.jobs);
    let stuck = "select count(*) from jobs where state in ('queued', 'running')";
    check("jobs that wait or run at the end", number(pool, stuck).await, 0);
    check("jobs in another end than their own", astray(pool).await, 0);
    let succeeding = (1..=plan.jobs).filter(|n| Soaked { n: *n }.fate() != Fate::GiveUp).count();
    check("effects", number(pool, "select count(*) from effects").await, i64::try_from(succeeding).unwrap());
    let foreign = "select count(*) from effects e join jobs j on j.id = e.job where e.attempt > j.attempt";
    check("effects of an attempt that never was", number(pool, foreign).await, 0);
    let history = "select count(*) from jobs j where j.attempt <>
                   (select count(*) from job_attempts a where a.job_id = j.id)";
    check("jobs whose attempts are not all told", number(pool, history).await, 0);
    let (calm, all) = recoveries(pool, suffered).await;
    let late = calm.iter().filter(|took| **took > BOUND).count();
    check("recoveries after a kill that took longer than 15 s", i64::try_from(late).unwrap(), 0);
    println!("\n| measured | |\n|---|---|");
    println!("| workers killed with -9 | {} |", suffered.kills.len());
    println!(
        "| jobs that lost their worker | {} |",
        number(pool, "select count(*) from job_attempts where outcome = 'lost'").await
    );
    println!("| recovery, database up: p50, p95, longest | {} of {} |", spread(&calm), calm.len());
    println!(
        "| recovery, outages of the database included: p50, p95, longest | {} of {} |",
        spread(&all),
        all.len()
    );
    println!(
        "| most lost leases of one job | {} |",
        number(pool, "select max(lost_leases)::bigint from jobs").await
    );
    println!(
        "| effects of attempts that had lost their job, refused | {} |",
        number(pool, "select count(*) from refused").await
    );
    let again = "select count(*) from effects e join jobs j on j.id = e.job where e.attempt < j.attempt";
    println!(
        "| effects that were there when the job ran again, not doubled | {} |",
        number(pool, again).await
    );
    kept
}

/// Jobs whose state is not the one that their number says.
async fn astray(pool: &PgPool) -> i64 {
    let ends: Vec<(i64, String)> =
        sqlx::query_as("select a.n, j.state from asked a join jobs j on j.id = a.job")
            .fetch_all(pool)
            .await
            .unwrap();
    let astray = ends.iter().filter(|(n, state)| Soaked { n: *n }.end().as_str() != state).count();
    i64::try_from(astray).unwrap()
}

/// From each kill to the next start of each job that it hit: those in calm times, and all.
async fn recoveries(pool: &PgPool, suffered: &Suffered) -> (Vec<TimeDelta>, Vec<TimeDelta>) {
    let hits: Vec<(Uuid, DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
        "select k.worker, k.at, next.started_at
         from kills k join job_attempts lost on lost.worker = k.worker and lost.outcome = 'lost'
         join job_attempts next on next.job_id = lost.job_id and next.attempt = lost.attempt + 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let all: Vec<_> = hits.iter().map(|(_, killed, started)| *started - *killed).collect();
    let calm = hits.iter().filter(|(_, killed, _)| suffered.calm(*killed, BOUND));
    (sorted(calm.map(|(_, killed, started)| *started - *killed).collect()), sorted(all))
}

fn sorted(mut times: Vec<TimeDelta>) -> Vec<TimeDelta> {
    times.sort_unstable();
    times
}

fn spread(sorted: &[TimeDelta]) -> String {
    let at = |part: f64| {
        let index = (sorted.len().saturating_sub(1) as f64 * part).round() as usize;
        sorted.get(index).map_or_else(|| "–".to_owned(), |took| format!("{:.1} s", took.as_seconds_f64()))
    };
    format!("{}, {}, {}", at(0.5), at(0.95), at(1.0))
}
