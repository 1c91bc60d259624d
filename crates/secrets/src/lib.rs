//! Keys, secrets, passwords and tokens: the only code that sees keys and plaintext secrets.
//!
//! Owns the key ring from `MOSAIC_SECRET_KEY`, sealing under data keys, Argon2id passwords and bearer tokens. It must not
//! do I/O: others store what is sealed, and nothing here writes a log line. No type shows a secret through `Debug` or
//! `Display`.
//!
//! ```text
//! MOSAIC_SECRET_KEY ──HKDF──► key-encryption key ──wraps──► data key (one per user, one for the
//! instance) ──seals──► provider keys, gateway tokens, the OIDC client secret
//! ```
#![allow(missing_docs)] // Where the name is the documentation.

mod aad;
mod aead;
mod data_key;
mod error;
mod key;
mod key_check;
mod keyring;
pub mod password;
mod seal;
mod sealed;
mod token;

#[cfg(test)]
mod tests;

pub use aad::{Aad, Purpose};
pub use data_key::{DataKey, WrappedKey};
pub use error::Error;
pub use key::KeyId;
pub use key_check::KeyCheck;
pub use keyring::KeyRing;
pub use password::{Passwords, ThrottleClass};
pub use seal::{open, seal};
pub use sealed::Sealed;
pub use token::{Token, TokenHash, TokenKind};
