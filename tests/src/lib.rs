//! The test harness: a Mosaic of real processes on its own database, and the clients that use it.
//!
//! Owns starting, killing and cleaning up. It needs what `make test` prepares: Postgres, a Docker engine, the images
//! and the built `mosaic` binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods
)]

pub mod agents;
pub mod chat_load;
mod collector;
mod database;
mod disk;
mod engine_proxy;
mod forging_provider;
mod identity;
mod mosaic;
mod own_engine;
mod person;
mod ports;
mod processes;
mod project;
pub mod setup;
mod sse;

pub use agents::AgentContainer;
pub use collector::{Collector, SpanRecord};
pub use database::{Database, database, database_owned_by};
pub use disk::{Disk, fill_folder};
pub use engine_proxy::{EngineProxy, Fault, RequestMatch};
pub use forging_provider::{CLIENT_ID, ForgingProvider, unix_seconds};
pub use identity::{CLIENT_SECRET, IdentityProvider};
pub use mosaic::{Mosaic, Options, SECRET_KEY};
pub use own_engine::OwnEngine;
pub use person::{Person, Reply};
pub use project::Project;
pub use sse::{Event, Events, answer_text};

use std::{env, future::Future, time::Duration};
use tokio::time::{Instant, sleep};

/// An environment variable that `make test` sets. Panics if it is not set.
pub fn prepared(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests by `make test`"))
}

/// Polls until there is a result. The limit is generous: a busy machine is not a failure.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, ask: impl FnMut() -> F) -> T {
    eventually_within(Duration::from_secs(180), what, ask).await
}

/// Polls until there is a result, at most for `timeout`.
pub async fn eventually_within<T, F: Future<Output = Option<T>>>(
    timeout: Duration,
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not true after {timeout:?}: {what}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Runs `docker` and returns its output. A failure fails the test.
pub fn docker(args: &[&str]) -> String {
    let output = std::process::Command::new("docker").args(args).output().expect("docker runs");
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
