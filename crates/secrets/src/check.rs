//! The key check: a constant sealed under the instance key, so that a wrong key is noticed at start.
//!
//! Owns only this value. It must not decide what to do about a wrong key.

use crate::{
    Error, KeyId, KeyRing,
    seal::{Aad, Purpose, Sealed},
};
use domain::InstanceId;

const CONSTANT: &[u8] = b"mosaic-fleet key check";

/// Stored in `system_config` when the database is first set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCheck(Sealed);

impl KeyCheck {
    /// Seals the check under the newest key. Made again after a rotation, so that the old key can go.
    pub fn create(ring: &KeyRing, instance: InstanceId) -> Result<Self, Error> {
        ring.seal_with_newest(&aad(instance), CONSTANT).map(Self)
    }

    /// [`Error::WrongKey`] when no key of the ring made this check, [`Error::Refused`] when the check was
    /// changed or comes from another instance.
    pub fn verify(&self, ring: &KeyRing, instance: InstanceId) -> Result<(), Error> {
        match ring.open_with_any(&aad(instance), &self.0) {
            Ok(constant) if *constant == CONSTANT => Ok(()),
            Ok(_) => Err(Error::Refused),
            Err(Error::UnknownKey { needed }) => Err(Error::WrongKey { stored: needed }),
            Err(error) => Err(error),
        }
    }

    /// The key that made the check.
    pub fn key_id(&self) -> KeyId {
        self.0.key_id()
    }

    /// The stored form; see [`Sealed::to_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// Reads the stored form. [`Error::Malformed`] when it is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Sealed::from_bytes(bytes).map(Self)
    }
}

fn aad(instance: InstanceId) -> Aad {
    Aad { purpose: Purpose::KeyCheck, row: instance.uuid(), owner: None }
}
