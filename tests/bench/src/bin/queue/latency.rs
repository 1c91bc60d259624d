//! From before the enqueueing call to the first line of the handler.

use crate::{
    database::{Crowd, Database},
    process::{Process, now},
    system::System,
};
use std::{collections::HashMap, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};

/// Measured jobs, one at a time.
const JOBS: i64 = 400;
const EVERY: Duration = Duration::from_millis(15);
/// Jobs before them, so that connections and statements are warm.
const WARM: i64 = 50;

/// One queue under measurement.
struct Run {
    system: System,
    crowd: Crowd,
    database: Database,
    worker: Process,
    asked: HashMap<i64, i64>,
}

impl Run {
    async fn begin(system: System, crowd: Crowd) -> Self {
        let database = Database::make(system).await;
        database.crowd(system, crowd).await;
        let worker = system.worker(&database, 10);
        sleep(Duration::from_secs(2)).await;
        for n in 1..=WARM {
            system.enqueue(&database, -n).await;
            sleep(EVERY).await;
        }
        let warm = worker.saw(-WARM, Duration::from_secs(40));
        assert!(warm || system == System::Apalis, "{} does not start", system.name());
        Self { system, crowd, database, worker, asked: HashMap::new() }
    }

    async fn end(self) {
        let mut took = Vec::new();
        while took.len() < self.asked.len() {
            let Some((n, at)) = self.worker.stamp(Duration::from_secs(40)) else { break };
            took.extend(self.asked.get(&n).map(|asked| at - asked));
        }
        let lost = self.asked.len() - took.len();
        println!("| {}, {} | {} | {lost} |", self.system.name(), self.crowd.name(), line(took));
        drop(self.worker);
        self.database.drop().await;
    }
}

/// Measures these in turn, one job of each after the other, so that what else the machine does meets them alike.
pub async fn measure(which: &[(System, Crowd)]) {
    println!(
        "\n| enqueue → handler start, ms | p50 | p95 | p99 | longest | lost |\n|---|---|---|---|---|---|"
    );
    let mut runs = Vec::new();
    for (system, crowd) in which {
        runs.push(Run::begin(*system, *crowd).await);
    }
    let mut next = Instant::now();
    for n in 1..=JOBS {
        for run in &mut runs {
            next += EVERY;
            sleep_until(next).await;
            run.asked.insert(n, now());
            run.system.enqueue(&run.database, n).await;
        }
    }
    for run in runs {
        run.end().await;
    }
}

/// What an insert of one row costs here, for comparison: a commit waits for the disk.
pub async fn commit() {
    let database = Database::make(System::Mosaic).await;
    sqlx::query("create table one (n bigint)").execute(&database.pool).await.unwrap();
    let mut took = Vec::new();
    for n in 0..JOBS {
        let began = now();
        sqlx::query("insert into one values ($1)").bind(n).execute(&database.pool).await.unwrap();
        took.push(now() - began);
        sleep(EVERY).await;
    }
    println!("| for comparison, afterwards: one commit of one row | {} | 0 |", line(took));
    database.drop().await;
}

fn line(mut took: Vec<i64>) -> String {
    took.sort_unstable();
    let at = |part: f64| {
        let index = (took.len().saturating_sub(1) as f64 * part).round() as usize;
        took.get(index).map_or_else(|| "–".to_owned(), |micros| format!("{:.1}", *micros as f64 / 1000.0))
    };
    format!("{} | {} | {} | {}", at(0.5), at(0.95), at(0.99), at(1.0))
}
