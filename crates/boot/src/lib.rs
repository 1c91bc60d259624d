//! Start and stop of a Mosaic process: configuration, logs, metrics and traces, shutdown, named tasks, the key file and
//! the embedded Postgres.
//!
//! Owns the process's environment: no other crate reads a variable, handles a signal or spawns a task without a name. It
//! must not know the product: no SQL, no routes, no users.
#![allow(missing_docs)] // Where the name is the documentation.

pub mod config;
pub mod metrics;
pub mod postgres;
pub mod secret_file;
pub mod shutdown;
pub mod task;
pub mod telemetry;
mod traces;

pub use config::Config;
pub use shutdown::Shutdown;
pub use task::spawn_named;
pub use traces::Traces;
