//! The application's SQL: one file per aggregate, every statement inside a transaction that is bound to an actor.
//!
//! Owns queries and row shapes. It must not decrypt (it does not know the crate `secrets`), decide (that is `fleet`)
//! or talk to anything but Postgres. The queue's own tables belong to `jobs`.
//!
//! Statements are checked against the schema at compile time; docs/sql.md says how, and which ones cannot be.

// Rows and their columns: the names are the documentation.
#![allow(missing_docs)]

pub mod agents;
pub mod audit;
pub mod chats;
pub mod config;
pub mod containers;
pub mod conversations;
pub mod crashes;
pub mod credentials;
mod error;
pub mod events;
pub mod exports;
pub mod findings;
pub mod idempotency;
pub mod idle;
pub mod images;
pub mod inspect;
pub mod isolation;
pub mod knowledge;
pub mod listen;
pub mod memories;
pub mod oidc;
pub mod overview;
pub mod providers;
pub mod reservations;
pub mod rights;
pub mod sessions;
mod stored;
pub mod system_containers;
pub mod throttle;
pub mod timings;
pub mod turns;
mod tx;
pub mod users;

pub use error::Error;
pub use rights::Rights;
pub use tx::{PoolUsage, Store, Tx};

/// Shorthand used by every aggregate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
