//! The use-cases of the product: `verb(cx, …) -> Result<T, Error>`.
//!
//! Owns what happens and in which transaction. It must not know HTTP (that is `api`), Docker (the
//! port in `domain::containers` is handed in) or SQL (`store`, `jobs`).
//!
//! The modules form layers without import cycles, from bottom to top: `error` and `progress`; `services`; `cx`; `keys`,
//! `gateways`, `access`, `audit` and `idempotency`; `containers`; `knowledge`; `conversations`; `turns`; what people
//! manage (`users`, `providers`, `agents`, `settings` …); `onboarding`.

// The names are the documentation; comments say what a name cannot.
#![allow(missing_docs)]

pub mod access;
pub mod agent_config;
pub mod agent_tools;
pub mod agents;
mod api_key_input;
pub mod audit;
pub mod auth;
pub mod chats;
pub mod completions;
pub mod containers;
pub mod conversations;
mod cx;
mod error;
pub mod export;
pub mod findings;
mod gateways;
pub mod health;
mod idempotency;
pub mod isolation;
pub mod jobs;
pub mod keys;
pub mod knowledge;
pub mod memory;
pub mod metrics;
pub mod oidc;
pub mod onboarding;
pub mod overview;
mod progress;
pub mod providers;
mod services;
pub mod settings;
pub mod system_containers;
mod tasks;
pub mod tokens;
pub mod turns;
pub mod users;

pub use cx::{Cx, Origin, request_id, trace_of};
pub use error::{Error, Fault, Result};
pub use progress::Progress;
pub use services::{Parts, Services, settings::SettingsWatch};
