//! Keys, secrets, passwords and tokens: the only code that sees keys and plaintext secrets.
//!
//! Owns the key ring made from `MOSAIC_SECRET_KEY`, the sealing of values under data keys, Argon2id
//! passwords and bearer tokens. It must not do I/O: what is sealed is stored by others, and nothing
//! here writes a log line. No type in this crate shows a secret through `Debug` or `Display`.
//!
//! ```text
//! MOSAIC_SECRET_KEY ──HKDF──► key-encryption key ──wraps──► data key (one per user, one for the
//! instance) ──seals──► provider keys, gateway tokens, the OIDC client secret
//! ```

mod aead;
mod check;
mod data_key;
mod error;
mod keyring;
pub mod password;
mod seal;
mod token;

#[cfg(test)]
mod tests;

pub use check::KeyCheck;
pub use data_key::{DataKey, WrappedKey};
pub use error::Error;
pub use keyring::{KeyId, KeyRing};
pub use password::{Passwords, ThrottleClass};
pub use seal::{Aad, Purpose, Sealed, open, seal};
pub use token::{Token, TokenHash, TokenKind};
