//! The gateway client against a scripted server and the real OpenClaw.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)] // Tests may read their environment and spawn servers.

mod client;
mod config;
mod container;
mod eventsource;
mod follow;
mod llm;
mod real;
mod scripted;
mod validate;
