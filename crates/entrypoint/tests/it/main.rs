//! The binary as a process: with a small HTTP server instead of Mosaic, and a shell script instead of the gateway.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod container;
mod life;
mod server;
mod versions;
