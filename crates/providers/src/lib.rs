//! LLM providers: which kinds there are, whether an account works, and how HTTP leaves the product.
//!
//! Owns the catalogue of kinds ([`catalog`]), the connection test ([`connection`]), the model lists
//! ([`models`]), embeddings by an endpoint ([`embeddings`]), the named reasons why an account does not work ([`cause`]) and the one outbound
//! HTTP client with its address guard ([`outbound`]). It must not store anything, must not open
//! sealed secrets (callers hand it a [`secrecy::SecretString`]), and must not know OpenClaw.

pub mod catalog;
pub mod cause;
pub mod connection;
mod dialect;
pub mod embeddings;
pub mod models;
pub mod outbound;
mod scrub;
mod session;
mod upstream;

pub use catalog::Dialect;
pub use cause::{Cause, Failure, Told};
pub use connection::{Progress, Report, Step, StepReport, StepStatus, test_connection};
pub use models::{ModelInfo, list_models};
pub use outbound::{AllowedHosts, Outbound};
pub use session::Target;
