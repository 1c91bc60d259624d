//! How many jobs that do nothing end per second, with one, two and four processes.

use crate::{database::Database, process::Process, system::System};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const JOBS: i64 = 20_000;
/// Jobs that one process runs at once.
const SLOTS: usize = 50;
/// Longer than the slowest takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// One line of the table.
pub async fn measure(system: System) {
    let mut line = String::new();
    for processes in [1, 2, 4] {
        line += &format!(" | {}", once(system, processes).await);
    }
    println!("| {}{line} |", system.name());
}

/// Fills the queue under running workers that have warmed up, and looks how it empties.
async fn once(system: System, processes: usize) -> String {
    let database = Database::make(system).await;
    let workers: Vec<Process> = (0..processes).map(|_| system.worker(&database, SLOTS)).collect();
    sleep(Duration::from_secs(3)).await;
    for _ in 0..200 {
        system.enqueue(&database, 0).await;
    }
    while system.left(&database).await > 0 {
        sleep(Duration::from_millis(50)).await;
    }
    // All of it is there at one moment.
    let mut tx = database.pool.begin().await.unwrap();
    system.fill(&mut tx, JOBS).await;
    let began = Instant::now();
    tx.commit().await.unwrap();
    let mut left = JOBS;
    while left > 0 && began.elapsed() < PATIENCE {
        sleep(Duration::from_millis(20)).await;
        left = system.left(&database).await;
    }
    let took = began.elapsed().as_secs_f64();
    drop(workers);
    database.drop().await;
    let rate = format!("{:.0}", (JOBS - left) as f64 / took);
    if left > 0 { format!("{rate} ({left} left after {} s)", PATIENCE.as_secs()) } else { rate }
}
