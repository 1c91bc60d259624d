//! How many empty jobs end per second, with one, two and four processes.

use crate::{database::Database, process::Process, system::System};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const MEASURED_JOBS: i64 = 20_000;
const SLOTS_PER_PROCESS: usize = 50;
/// The measurement is cut off after this time.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Prints one line of the table.
pub async fn measure(system: System) {
    let mut line = String::new();
    for processes in [1, 2, 4] {
        line += &format!(" | {}", measure_once(system, processes).await);
    }
    println!("| {}{line} |", system.name());
}

/// Fills the queue of running, warmed-up workers, and measures how fast it empties.
async fn measure_once(system: System, processes: usize) -> String {
    let database = Database::create(system).await;
    let workers: Vec<Process> = (0..processes).map(|_| system.worker(&database, SLOTS_PER_PROCESS)).collect();
    sleep(Duration::from_secs(3)).await;
    for _ in 0..200 {
        system.enqueue(&database, 0).await;
    }
    while system.count_unfinished(&database).await > 0 {
        sleep(Duration::from_millis(50)).await;
    }
    // All jobs become visible at one moment.
    let mut tx = database.pool.begin().await.unwrap();
    system.fill(&mut tx, MEASURED_JOBS).await;
    let began = Instant::now();
    tx.commit().await.unwrap();
    let mut left = MEASURED_JOBS;
    while left > 0 && began.elapsed() < TIMEOUT {
        sleep(Duration::from_millis(20)).await;
        left = system.count_unfinished(&database).await;
    }
    let took = began.elapsed().as_secs_f64();
    drop(workers);
    database.drop().await;
    let rate = format!("{:.0}", (MEASURED_JOBS - left) as f64 / took);
    if left > 0 { format!("{rate} ({left} left after {} s)", TIMEOUT.as_secs()) } else { rate }
}
