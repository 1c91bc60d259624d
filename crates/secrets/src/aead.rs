//! AES-256-GCM with a random nonce: the one place that calls the cipher.
//!
//! Owns the order of header and associated data. It must not know what is sealed or for whom.

use crate::{Error, KeyId, seal::Sealed};
use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use rand::Rng;
use zeroize::Zeroizing;

pub(crate) const KEY_BYTES: usize = 32;
pub(crate) const NONCE_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;

/// 256 secret bits, wiped when dropped.
pub(crate) type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

pub(crate) fn encrypt(key: &KeyBytes, key_id: KeyId, aad: &[u8], plaintext: &[u8]) -> Result<Sealed, Error> {
    // Not passed in on purpose: a repeated nonce under one key reveals both texts and the
    // authentication key, so no caller may choose the generator.
    let mut nonce = [0; NONCE_BYTES];
    rand::rng().fill_bytes(&mut nonce);
    let ciphertext =
        cipher(key).encrypt(&nonce.into(), Payload { msg: plaintext, aad }).map_err(|_| Error::TooLarge)?;
    Ok(Sealed { key_id, nonce, ciphertext })
}

pub(crate) fn decrypt(
    key: &KeyBytes,
    key_id: KeyId,
    aad: &[u8],
    sealed: &Sealed,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    if sealed.key_id != key_id {
        return Err(Error::UnknownKey { needed: sealed.key_id });
    }
    cipher(key)
        .decrypt(&sealed.nonce.into(), Payload { msg: &sealed.ciphertext, aad })
        .map(Zeroizing::new)
        .map_err(|_| Error::Refused)
}

fn cipher(key: &KeyBytes) -> Aes256Gcm {
    Aes256Gcm::new((&**key).into())
}
