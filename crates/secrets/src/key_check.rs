//! The key check: a constant sealed under the instance key, so that a start with the wrong key is noticed.
//!
//! It must not decide what to do about a wrong key.

use crate::{Aad, Error, KeyId, KeyRing, Purpose, Sealed};
use domain::InstanceId;

const CONSTANT: &[u8] = b"mosaic-fleet key check";

/// Stored in `system_config` when the database is first set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCheck(Sealed);

impl KeyCheck {
    /// Seals the check under the newest key. Called again after a rotation, so that the old key can be dropped.
    pub fn create(ring: &KeyRing, instance: InstanceId) -> Result<Self, Error> {
        ring.seal_with_newest(&aad(instance), CONSTANT).map(Self)
    }

    /// # Errors
    /// [`Error::WrongKey`] when no key of the ring sealed this check, [`Error::OpenFailed`] when the check was changed or
    /// belongs to another instance.
    pub fn verify(&self, ring: &KeyRing, instance: InstanceId) -> Result<(), Error> {
        match ring.open_with_any(&aad(instance), &self.0) {
            Ok(constant) if *constant == CONSTANT => Ok(()),
            Ok(_) => Err(Error::OpenFailed),
            Err(Error::UnknownKey { needed }) => Err(Error::WrongKey { stored: needed }),
            Err(error) => Err(error),
        }
    }

    /// The key that sealed the check.
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

fn aad(instance: InstanceId) -> Aad {
    Aad { purpose: Purpose::KeyCheck, row: instance.uuid(), owner: None }
}
