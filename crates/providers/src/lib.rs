//! LLM providers and the outbound HTTP client.
//!
//! Owns the catalogue of kinds ([`catalog`]), the connection test ([`connection`]), model lists ([`models`]), embeddings by
//! an endpoint ([`embeddings`]), the causes why an account does not work ([`cause`]), and the only outbound HTTP client with
//! its address guard ([`outbound`]). It must not store anything, must not open sealed secrets (callers pass a
//! [`secrecy::SecretString`]), and must not know OpenClaw.
#![allow(missing_docs)] // Where the name is the documentation.

mod account;
pub mod catalog;
pub mod cause;
pub mod connection;
mod dialect;
pub mod embeddings;
mod model_info;
pub mod models;
pub mod outbound;
mod scrub;
mod upstream;

pub use account::ProviderAccount;
pub use catalog::Dialect;
pub use cause::{Cause, Failure, FailureReport};
pub use connection::{Progress, Report, Step, StepReport, StepStatus, test_connection};
pub use model_info::ModelInfo;
pub use models::list_models;
pub use outbound::{AllowedHosts, Outbound};
