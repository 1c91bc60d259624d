//! From before the enqueueing call to the first line of the handler.

use crate::{
    database::{Backlog, Database},
    process::{Process, now},
    system::System,
};
use std::{collections::HashMap, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};

/// Measured jobs, one at a time.
const MEASURED_JOBS: i64 = 400;
const ENQUEUE_INTERVAL: Duration = Duration::from_millis(15);
/// Jobs before the measurement, so that connections are open and statements prepared.
const WARM_UP_JOBS: i64 = 50;

/// One queue that is being measured.
struct Run {
    system: System,
    backlog: Backlog,
    database: Database,
    worker: Process,
    enqueued_at: HashMap<i64, i64>,
}

impl Run {
    async fn begin(system: System, backlog: Backlog) -> Self {
        let database = Database::create(system).await;
        database.insert_backlog(system, backlog).await;
        let worker = system.worker(&database, 10);
        sleep(Duration::from_secs(2)).await;
        for n in 1..=WARM_UP_JOBS {
            system.enqueue(&database, -n).await;
            sleep(ENQUEUE_INTERVAL).await;
        }
        let warm = worker.wait_for_stamp(-WARM_UP_JOBS, Duration::from_secs(40));
        assert!(warm || system == System::Apalis, "{} does not start", system.name());
        Self { system, backlog, database, worker, enqueued_at: HashMap::new() }
    }

    async fn end(self) {
        let mut durations = Vec::new();
        while durations.len() < self.enqueued_at.len() {
            let Some((n, at)) = self.worker.next_stamp(Duration::from_secs(40)) else { break };
            durations.extend(self.enqueued_at.get(&n).map(|enqueued_at| at - enqueued_at));
        }
        let lost = self.enqueued_at.len() - durations.len();
        println!("| {}, {} | {} | {lost} |", self.system.name(), self.backlog.name(), line(durations));
        drop(self.worker);
        self.database.drop().await;
    }
}

/// Measures these cases in turn, one job of each after the other, so that other load on the machine affects all alike.
pub async fn measure(cases: &[(System, Backlog)]) {
    println!(
        "\n| enqueue → handler start, ms | p50 | p95 | p99 | longest | lost |\n|---|---|---|---|---|---|"
    );
    let mut runs = Vec::new();
    for (system, backlog) in cases {
        runs.push(Run::begin(*system, *backlog).await);
    }
    let mut next = Instant::now();
    for n in 1..=MEASURED_JOBS {
        for run in &mut runs {
            next += ENQUEUE_INTERVAL;
            sleep_until(next).await;
            run.enqueued_at.insert(n, now());
            run.system.enqueue(&run.database, n).await;
        }
    }
    for run in runs {
        run.end().await;
    }
}

/// For comparison: the cost of inserting one row, whose commit waits for the disk.
pub async fn commit() {
    let database = Database::create(System::Mosaic).await;
    sqlx::query("create table one (n bigint)").execute(&database.pool).await.unwrap();
    let mut durations = Vec::new();
    for n in 0..MEASURED_JOBS {
        let began = now();
        sqlx::query("insert into one values ($1)").bind(n).execute(&database.pool).await.unwrap();
        durations.push(now() - began);
        sleep(ENQUEUE_INTERVAL).await;
    }
    println!("| for comparison, afterwards: one commit of one row | {} | 0 |", line(durations));
    database.drop().await;
}

fn line(mut durations: Vec<i64>) -> String {
    durations.sort_unstable();
    let at = |part: f64| {
        let index = (durations.len().saturating_sub(1) as f64 * part).round() as usize;
        durations
            .get(index)
            .map_or_else(|| "–".to_owned(), |micros| format!("{:.1}", *micros as f64 / 1000.0))
    };
    format!("{} | {} | {} | {}", at(0.5), at(0.95), at(0.99), at(1.0))
}
