//! Data keys, which seal secrets, and their wrapped form.
//!
//! It must not wrap by itself: that needs the key ring.

use crate::{Error, KeyId, Sealed, key::KeyBytes};
use rand::CryptoRng;
use std::fmt;

/// 256 random bits that seal the secrets of one user or of the instance. Wiped when dropped.
pub struct DataKey {
    id: KeyId,
    bytes: KeyBytes,
}

impl DataKey {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = KeyBytes::default();
        rng.fill_bytes(bytes.as_mut_slice());
        Self::from_bytes(bytes)
    }

    /// The id in every value that this key sealed.
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn from_bytes(bytes: KeyBytes) -> Self {
        Self { id: KeyId::of(&bytes), bytes }
    }

    pub(crate) fn bytes(&self) -> &KeyBytes {
        &self.bytes
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.id)
    }
}

/// A data key sealed under a key of the ring, as `user_keys` stores it.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey(pub(crate) Sealed);

impl WrappedKey {
    /// The key of the ring that opens it. After a rotation this is not [`crate::KeyRing::newest_id`] until the data key
    /// is re-wrapped.
    pub fn key_id(&self) -> KeyId {
        self.0.key_id()
    }

    /// The stored form; see [`Sealed::to_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// Reads the stored form; see [`Sealed::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Sealed::from_bytes(bytes).map(Self)
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({})", self.key_id())
    }
}
