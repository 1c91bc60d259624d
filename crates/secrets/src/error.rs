//! What can go wrong in the crate `secrets`. No variant carries a secret or any part of one.

use crate::keyring::KeyId;

/// A refusal of the crate `secrets`. Its text is meant for operators and logs, not for clients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `MOSAIC_SECRET_KEY` is empty.
    #[error("MOSAIC_SECRET_KEY is empty. Make a key with: openssl rand -base64 32")]
    NoKey,
    /// One of the keys in `MOSAIC_SECRET_KEY` is too easy to guess.
    #[error("key {position} in MOSAIC_SECRET_KEY {why}. Make a key with: openssl rand -base64 32")]
    WeakKey {
        /// Which one, counted from 1.
        position: usize,
        /// The reason, as the rest of a sentence that begins with the key.
        why: &'static str,
    },
    /// `MOSAIC_SECRET_KEY` is not the key that this database was set up with.
    #[error(
        "MOSAIC_SECRET_KEY does not fit this database: it was sealed with key {stored}, which is not among \
         the keys given. Start with the former key; to change it, give both: MOSAIC_SECRET_KEY=new,former"
    )]
    WrongKey {
        /// The key that the database asks for.
        stored: KeyId,
    },
    /// The value was sealed under a key that is not at hand.
    #[error("sealed with key {needed}, which is not the key at hand")]
    UnknownKey {
        /// The key that would open it.
        needed: KeyId,
    },
    /// The value was changed, or belongs to another row, owner or purpose.
    #[error("the sealed value does not open: it was changed, or it belongs elsewhere")]
    Refused,
    /// The bytes are not what this vault writes.
    #[error("not a sealed value of a known version")]
    Malformed,
    /// The text to be sealed exceeds what AES-GCM takes (64 GiB).
    #[error("the value is too large to be sealed")]
    TooLarge,
    /// The stored password hash cannot be read.
    #[error("the stored password hash is not a readable Argon2 string")]
    StoredHash,
    /// Too many passwords are being looked at.
    #[error("too many passwords wait to be looked at")]
    Busy,
    /// The password could not be hashed: out of memory, or the process is shutting down.
    #[error("the password could not be hashed")]
    Hashing,
    /// The text is not a token of the expected kind.
    #[error("not a token of the expected kind")]
    NotAToken,
}
