//! Everything together, on real parts: one binary, so that the parts are linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods
)]

mod agent_config;
mod arrows;
mod board;
mod causes;
mod chat;
mod faults;
mod onboarding;
mod openai;
mod real;
mod secrets;
mod walls;
