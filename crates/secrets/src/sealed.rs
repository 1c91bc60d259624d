//! Sealed values and their stored form.
//!
//! It must not know where the bytes are stored or what is inside.

use crate::{Error, KeyId};
use std::fmt;

pub(crate) const VERSION: u8 = 1;
pub(crate) const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const KEY_ID_END: usize = 1 + 8;
const HEADER_BYTES: usize = KEY_ID_END + NONCE_BYTES;

/// A sealed value. Safe to store: it reveals only the length of the secret inside.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    pub(crate) key_id: KeyId,
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) ciphertext: Vec<u8>,
}

impl Sealed {
    /// The key that opens it: a data key, or for wrapped keys and the key check a key of the ring.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The stored form: version (1 byte), key id (8), nonce (12), ciphertext with tag.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.ciphertext.len());
        bytes.push(VERSION);
        bytes.extend(self.key_id.as_bytes());
        bytes.extend(self.nonce);
        bytes.extend(&self.ciphertext);
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Error::Malformed`] unless it is one of a known version. Only opening it shows whether it was changed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let Some((header, ciphertext)) = bytes.split_at_checked(HEADER_BYTES) else {
            return Err(Error::Malformed);
        };
        if header[0] != VERSION || ciphertext.len() < TAG_BYTES {
            return Err(Error::Malformed);
        }
        let mut key_id = [0; 8];
        let mut nonce = [0; NONCE_BYTES];
        key_id.copy_from_slice(&header[1..KEY_ID_END]);
        nonce.copy_from_slice(&header[KEY_ID_END..]);
        Ok(Self { key_id: KeyId::from_bytes(key_id), nonce, ciphertext: ciphertext.to_vec() })
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.ciphertext.len())
    }
}
