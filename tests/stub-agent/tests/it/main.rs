//! The stand-in as a process, over real HTTP, with a stand-in provider behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chat;
mod harness;
mod history;
mod process;
mod surface;
