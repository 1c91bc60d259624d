//! The binary as a process: a small HTTP server stands for Mosaic, a shell script for the gateway.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod container;
mod life;
mod server;
mod versions;
