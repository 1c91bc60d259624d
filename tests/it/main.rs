//! Integration tests with real parts, in one binary so that they are linked once.
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
mod chat;
mod conversations;
mod export_and_deletion;
mod failure_causes;
mod faults;
mod fleet;
mod hostile_requests;
mod idempotency;
mod job_board;
mod key_rotation;
mod knowledge;
mod least_privilege;
mod lifecycle;
mod mcp;
mod migrations;
mod network_isolation;
mod observability;
mod onboarding;
mod openai;
mod pages;
mod real_agent;
mod secret_leaks;
mod settings;
mod system_containers;
mod user_isolation;
