//! The application's SQL: one file per aggregate, every statement inside a transaction that is bound
//! to an actor.
//!
//! Owns queries and row shapes. It must not decrypt (it does not know the crate `secrets`), decide (that is
//! `fleet`) or talk to anything but Postgres. The queue's own tables belong to `jobs`.

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
pub mod system_containers;
pub mod throttle;
pub mod timings;
pub mod turns;
mod tx;
pub mod users;

pub use error::Error;
pub use rights::Rights;
pub use tx::{Connections, Store, Tx};

/// Shorthand used by every aggregate.
pub type Result<T> = std::result::Result<T, Error>;
