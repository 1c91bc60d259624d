//! The harness: a Mosaic of real processes on a database of its own, and people who use it.
//!
//! Owns starting, killing and cleaning up. Needs what `make test` prepares: Postgres, a Docker engine, the
//! images and the built `mosaic` binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods
)]

pub mod agents;
pub mod cast;
mod collector;
mod database;
mod disk;
mod engine;
mod forger;
mod identity;
mod mosaic;
mod own_engine;
mod people;
mod ports;
mod processes;
mod project;
mod sse;
pub mod talking;

pub use agents::Cell;
pub use collector::{Collector, Seen};
pub use database::{Database, database, database_of};
pub use disk::{Disk, fill};
pub use engine::{Engine, Moment, Side};
pub use forger::{CLIENT, Forger, now};
pub use identity::{CLIENT_SECRET, IdentityProvider};
pub use mosaic::{Mosaic, Options, SECRET_KEY};
pub use own_engine::OwnEngine;
pub use people::{Person, Reply};
pub use project::Project;
pub use sse::{Event, Events, text};

use std::{env, future::Future, time::Duration};
use tokio::time::{Instant, sleep};

/// What `make test` says; without it there is nothing to test against.
pub fn prepared(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests by `make test`"))
}

/// Asks again until the answer is there. Generous: a busy machine is no fault.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, ask: impl FnMut() -> F) -> T {
    within(Duration::from_secs(180), what, ask).await
}

/// The same for what may take as long as that.
pub async fn within<T, F: Future<Output = Option<T>>>(
    patience: Duration,
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {patience:?} in vain: {what}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Runs `docker` and answers with its output; a failure is the test's.
pub fn docker(args: &[&str]) -> String {
    let output = std::process::Command::new("docker").args(args).output().expect("docker runs");
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
