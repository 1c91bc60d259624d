//! Seals secrets under data keys, and opens them.

use crate::{Aad, DataKey, Error, Sealed, aead};
use secrecy::{ExposeSecret, SecretString};

/// Seals `secret` for the place that `aad` names. Two calls never give the same bytes.
pub fn seal(key: &DataKey, aad: &Aad, secret: &SecretString) -> Result<Sealed, Error> {
    aead::encrypt(key.bytes(), key.id(), &aad.bytes(key.id()), secret.expose_secret().as_bytes())
}

/// The secret inside `sealed`.
///
/// # Errors
/// [`Error::UnknownKey`] when another data key sealed it, [`Error::OpenFailed`] when it was changed or belongs to another
/// row, owner or purpose.
pub fn open(key: &DataKey, aad: &Aad, sealed: &Sealed) -> Result<SecretString, Error> {
    let plaintext = aead::decrypt(key.bytes(), key.id(), &aad.bytes(key.id()), sealed)?;
    // Copied at its exact size: turning the buffer itself into a SecretString may reallocate it and leave a copy that is
    // not wiped.
    let text = str::from_utf8(&plaintext).map_err(|_| Error::Malformed)?;
    Ok(SecretString::from(text))
}
