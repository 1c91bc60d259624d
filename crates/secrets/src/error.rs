//! What can go wrong in this crate. No variant holds a secret or a part of one.

use crate::key::KeyId;

/// The texts are for operators and logs, not for clients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("MOSAIC_SECRET_KEY is empty. Make a key with: openssl rand -base64 32")]
    NoKey,
    #[error("key {position} in MOSAIC_SECRET_KEY {why}. Make a key with: openssl rand -base64 32")]
    WeakKey {
        /// Counted from 1.
        position: usize,
        /// The rest of a sentence that begins with the key.
        why: &'static str,
    },
    /// `MOSAIC_SECRET_KEY` is not the key that this database was set up with.
    #[error(
        "MOSAIC_SECRET_KEY does not fit this database, which was sealed with key {stored}: that key is not among \
         the given ones. Start with the former key. To change it, give both: MOSAIC_SECRET_KEY=new,former"
    )]
    WrongKey { stored: KeyId },
    #[error("sealed with key {needed}, which is not available")]
    UnknownKey { needed: KeyId },
    #[error("the sealed value does not open: it was changed, or it belongs to another row, owner or purpose")]
    OpenFailed,
    #[error("not a sealed value of a known version")]
    Malformed,
    /// AES-GCM takes at most 64 GiB.
    #[error("the value is too large to be sealed")]
    TooLarge,
    #[error("the stored password hash is not a readable Argon2 string")]
    StoredHash,
    /// No slot for hashing became free in time.
    #[error("too many passwords are waiting to be hashed")]
    Busy,
    /// Out of memory, or the process is shutting down.
    #[error("the password could not be hashed")]
    Hashing,
    #[error("not a token of the expected kind")]
    NotAToken,
}
