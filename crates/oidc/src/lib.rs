//! OpenID Connect as a relying party: discovery, the code flow, ID tokens and logout tokens.
//!
//! Owns the talk with an identity provider and the verification of what it signs. It must not know accounts,
//! sessions or who is let in (that is `fleet`), store anything, or connect by itself: every request goes through
//! the one outbound client ([`providers::Outbound`]) and its address guard.

mod check;
mod claims;
mod fault;
mod http;
mod identity;
mod logout;
mod provider;

pub use check::{Check, Step, check};
pub use fault::Fault;
pub use identity::Identity;
pub use logout::LoggedOut;
pub use provider::{Flow, Provider, Registration, Way};

/// Shorthand for this crate.
pub type Result<T> = std::result::Result<T, Fault>;
