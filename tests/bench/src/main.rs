//! `make bench-proxy`: what Mosaic adds to an answer, against the same agent asked directly.
//!
//! Owns the order of the measurements. Starts real processes (a stand-in for the agent, `mosaic api`,
//! LiteLLM's proxy) on the Postgres it is given, and prints Markdown. Must not change what it measures:
//! the load is made in this process, everything else runs in others.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on has nothing better to do than to say so and stop"
)]

mod ask;
mod load;
mod parts;
mod people;
mod processes;
mod report;
mod stamps;
mod world;

use ask::Way;
use load::Load;
use report::Report;
use std::sync::Arc;
use world::World;

#[tokio::main]
async fn main() {
    let mut world = Arc::new(World::start().await);
    let mut report = Report::begin();
    // Memory is asked of processes that have not grown yet. Turns that are held open come last: another process
    // takes them over.
    report.memory(Way::PassThrough, load::memory(&world, Way::PassThrough).await);
    restart_mosaic(&mut world).await;
    report.parts(parts::measure(&world).await);
    for load in [Load::ALONE, Load::MANY, Load::CROWD] {
        report.load(&load, &load::measure(&world, &load).await);
    }
    restart_mosaic(&mut world).await;
    report.memory(Way::Turn, load::memory(&world, Way::Turn).await);
    report.end();
}

async fn restart_mosaic(world: &mut Arc<World>) {
    Arc::get_mut(world).expect("nobody else holds it between two loads").restart_mosaic().await;
}
