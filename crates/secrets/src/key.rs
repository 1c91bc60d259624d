//! Key material, derivation of keys from it, and the ids of keys.

use hkdf::Hkdf;
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

pub(crate) const KEY_BYTES: usize = 32;

/// 256 secret bits, wiped when dropped.
pub(crate) type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// Names a key without revealing anything about it: the first 8 bytes of an HKDF output.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    pub(crate) const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn of(key: &KeyBytes) -> Self {
        let derived = derive(key, b"key-id");
        let mut id = [0; 8];
        id.copy_from_slice(&derived[..8]);
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The key for one purpose. Different labels give independent keys.
pub(crate) fn derive(key: &KeyBytes, label: &[u8]) -> KeyBytes {
    let mut out = KeyBytes::default();
    let info = [b"mosaic-fleet/", label].concat();
    let hkdf = Hkdf::<Sha256>::from_prk(key.as_slice());
    #[expect(clippy::expect_used, reason = "32 bytes in and out: HKDF-SHA256 takes ≥ 32 and gives ≤ 8160")]
    hkdf.map_err(drop)
        .and_then(|hkdf| hkdf.expand(&info, out.as_mut_slice()).map_err(drop))
        .expect("32 bytes");
    out
}
