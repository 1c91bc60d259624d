//! Everything together, on real parts: one binary, so that the parts are linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods
)]

mod accounts;
mod agent_config;
mod auth;
mod board;
mod causes;
mod chat;
mod conversations;
mod expand;
mod faults;
mod fleet;
mod hostile;
mod isolation;
mod keys;
mod knowledge;
mod least_power;
mod life;
mod mcp;
mod onboarding;
mod once;
mod openai;
mod own_data;
mod pages;
mod real;
mod secret_leaks;
mod settings;
mod system_containers;
mod walls;
mod watched;
