//! OpenID Connect as a relying party: discovery, the code flow, ID tokens and logout tokens.
//!
//! Owns the protocol with an identity provider and the verification of what it signs. It must not know accounts, sessions
//! or who may sign in (that is `fleet`), store anything, or connect by itself: every request goes through the outbound
//! client ([`providers::Outbound`]) and its address guard.
#![allow(missing_docs)] // Where the name is the documentation.

mod check;
mod claims;
mod error;
mod http;
mod identity;
mod logout_token;
mod provider;

pub use check::{Check, Step, check};
pub use error::Error;
pub use identity::Identity;
pub use logout_token::LogoutToken;
pub use provider::{Flow, OutboundAccess, Provider, Registration};

pub type Result<T> = std::result::Result<T, Error>;
