//! Passwords: Argon2id outside the async threads, and the rules for new passwords ([`rules`]).
//!
//! Owns hashing and verifying. It must not throttle attempts by account or know accounts.

pub mod rules;

use crate::Error;
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{self, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use std::{sync::Arc, thread, time::Duration};
use tokio::{sync::Semaphore, task, time::timeout};

/// OWASP's second choice, 19 MiB and two passes: 45 ms on the machine it was measured on.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Verified for unknown accounts, so that they take the same time. Matches no password, because its output is all zero.
const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bW9zYWljLWZsZWV0Lm5v$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How long a caller waits for a free slot.
const SLOT_TIMEOUT: Duration = Duration::from_secs(10);

/// Which slots a caller waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrottleClass {
    /// Any client, also an attacker: all of them share these slots.
    Unknown,
    /// A client that has signed in before. Its slots stay free while strangers flood the others.
    Known,
}

/// Hashes and verifies passwords, a few at a time: each takes a core and 19 MiB, so that a burst of sign-ins waits instead
/// of exhausting the machine. Clones share the slots.
#[derive(Debug, Clone)]
pub struct Passwords {
    slots: Arc<Semaphore>,
    reserved_slots: Arc<Semaphore>,
}

impl Default for Passwords {
    /// As many slots as there are cores.
    fn default() -> Self {
        Self::new(thread::available_parallelism().map_or(1, usize::from))
    }
}

impl Passwords {
    /// `slots` for unknown clients, and one reserved slot for known ones.
    pub fn new(slots: usize) -> Self {
        Self { slots: Arc::new(Semaphore::new(slots)), reserved_slots: Arc::new(Semaphore::new(1)) }
    }

    /// The PHC string to store. Check a new password with [`rules::check`] first.
    pub async fn hash(&self, password: SecretString) -> Result<String, Error> {
        self.run(ThrottleClass::Unknown, move || {
            let hash = argon2()?.hash_password(password.expose_secret().as_bytes());
            hash.map(|hash: PasswordHash| hash.to_string()).map_err(|_| Error::Hashing)
        })
        .await
    }

    /// Whether `password` fits the hash `stored`. Pass `None` for an unknown account: the result is `false` after the same
    /// work, so that timing does not reveal which accounts exist.
    pub async fn verify(
        &self,
        password: SecretString,
        stored: Option<String>,
        class: ThrottleClass,
    ) -> Result<bool, Error> {
        self.run(class, move || {
            let stored = stored.as_deref().unwrap_or(DUMMY_HASH);
            let hash = PasswordHash::new(stored).map_err(|_| Error::StoredHash)?;
            match argon2()?.verify_password(password.expose_secret().as_bytes(), &hash) {
                Ok(()) => Ok(true),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(_) => Err(Error::StoredHash),
            }
        })
        .await
    }

    async fn run<T, F>(&self, class: ThrottleClass, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Error> + Send + 'static,
    {
        let slots = match class {
            ThrottleClass::Unknown => &self.slots,
            ThrottleClass::Known => &self.reserved_slots,
        };
        let slot = timeout(SLOT_TIMEOUT, Arc::clone(slots).acquire_owned()).await.map_err(|_| Error::Busy)?;
        let slot = slot.map_err(|_| Error::Hashing)?;
        let hashed = task::spawn_blocking(move || {
            // Held by the work itself: a caller that goes away must not free a slot that is still busy.
            let _slot = slot;
            work()
        });
        hashed.await.map_err(|_| Error::Hashing)?
    }
}

/// Whether `stored` was made with other parameters than the current ones. Then the next successful sign-in hashes the
/// password again.
pub fn needs_rehash(stored: &str) -> bool {
    let Ok(hash) = PasswordHash::new(stored) else { return true };
    let Ok(params) = Params::try_from(&hash) else { return true };
    hash.algorithm != Algorithm::Argon2id.ident()
        || hash.version != Some(Version::V0x13.into())
        || (params.m_cost(), params.t_cost(), params.p_cost()) != (MEMORY_KIB, PASSES, LANES)
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| Error::Hashing)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}
