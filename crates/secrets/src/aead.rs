//! AES-256-GCM with a random nonce: the only place that calls the cipher.
//!
//! It must not know what is sealed or for whom.

use crate::{Error, KeyId, Sealed, key::KeyBytes, sealed::NONCE_BYTES};
use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use rand::Rng;
use zeroize::Zeroizing;

pub(crate) fn encrypt(key: &KeyBytes, key_id: KeyId, aad: &[u8], plaintext: &[u8]) -> Result<Sealed, Error> {
    // No caller may choose the generator: a nonce that repeats under one key reveals both texts and the authentication
    // key.
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
        .map_err(|_| Error::OpenFailed)
}

fn cipher(key: &KeyBytes) -> Aes256Gcm {
    Aes256Gcm::new((&**key).into())
}
