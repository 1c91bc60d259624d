//! Runs the jobs: a worker for each lane, and one handler for each kind of job.
//!
//! Owns how an attempt is run (payload, time limit, panics, stopping) and which handler runs it. It must not
//! decide (that is `fleet`) and holds no SQL: the queue is `jobs`.

// Private to this workspace: where a name says it all, a comment would only repeat it.
#![allow(missing_docs)]

mod attempt;
mod config;
mod context;
mod handlers;
mod lanes;
mod registry;
mod run;
mod schedules;
mod watch;

pub use config::WorkerConfig;
pub use context::JobContext;
pub use handlers::{Tools, registry};
pub use registry::Registry;
pub use run::{RunError, run};
pub use watch::watch;
