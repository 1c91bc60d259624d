//! `make bench-queue`: how soon a job starts and how many end per second, compared with graphile-worker and
//! apalis-postgres.
//!
//! Owns the order of the measurements. Each worker is a process of its own (this program with an argument, or
//! node), each case has a database of its own on the given Postgres. Prints Markdown. All three are measured by the
//! same clock, from before the enqueueing call to the first line of the handler.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement that cannot continue should stop with an error"
)]

mod apalis_stock;
mod database;
mod graphile;
mod latency;
mod mosaic;
mod process;
mod system;
mod throughput;

use database::Backlog;
use system::System;

#[tokio::main]
async fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("mosaic-worker") => return mosaic::work().await,
        Some("apalis-worker") => return apalis_stock::work().await,
        _ => {}
    }
    let all = [System::Mosaic, System::Graphile, System::Apalis];
    latency::measure(&all.map(|system| (system, Backlog::None))).await;
    latency::commit().await;
    let backlogs = [Backlog::None, Backlog::OtherLane, Backlog::Later, Backlog::Finished];
    latency::measure(&backlogs.map(|backlog| (System::Mosaic, backlog))).await;
    latency::measure(&all.map(|system| (system, Backlog::Later))).await;
    println!("\n| no-op jobs per second | 1 process | 2 processes | 4 processes |\n|---|---|---|---|");
    for system in all {
        throughput::measure(system).await;
    }
}
