//! `make bench-proxy`: the latency that Mosaic adds to an answer, compared with asking the same agent directly.
//!
//! Owns the order of the measurements. Starts real processes (a stand-in for the agent, `mosaic api`,
//! LiteLLM's proxy) on the given Postgres, and prints Markdown. Must not influence what it measures: only the load
//! is generated in this process, everything else runs in others.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement that cannot continue should stop with an error"
)]

mod ask;
mod breakdown;
mod environment;
mod load;
mod processes;
mod report;
mod route;
mod stamps;
mod users;

use environment::Environment;
use load::Load;
use report::Report;
use route::Route;
use std::sync::Arc;

#[tokio::main]
async fn main() {
    let mut environment = Arc::new(Environment::start().await);
    let mut report = Report::begin();
    // Memory is measured in processes that have not grown yet. Turns that stay open come last: another process takes
    // them over.
    report.memory(Route::PassThrough, load::memory_per_stream(&environment, Route::PassThrough).await);
    restart_mosaic(&mut environment).await;
    report.breakdown(breakdown::measure(&environment).await);
    for load in [Load::SINGLE, Load::OFFICE, Load::PEAK] {
        report.load(&load, &load::measure(&environment, &load).await);
    }
    restart_mosaic(&mut environment).await;
    report.memory(Route::Turn, load::memory_per_stream(&environment, Route::Turn).await);
    report.finish();
}

async fn restart_mosaic(environment: &mut Arc<Environment>) {
    Arc::get_mut(environment).expect("no task holds it between two loads").restart_mosaic().await;
}
