//! The gateway client against a scripted server (always) and the real OpenClaw (when an image is named).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, missing_docs)]
#![allow(clippy::disallowed_methods)] // Tests may read their environment and spawn servers.

mod client;
mod config;
mod container;
mod follow;
mod llm;
mod real;
mod scripted;
mod validate;
