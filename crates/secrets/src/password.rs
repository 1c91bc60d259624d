//! Passwords: Argon2id off the async threads, and the rules for new ones ([`rules`]).
//!
//! Owns hashing and verifying. It must not throttle attempts or know accounts.

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

/// Hashed once for "there is no such account": the same work, and it matches nothing, because its
/// 32-byte output is all zero.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bW9zYWljLWZsZWV0Lm5v$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How long anybody stands in line before he is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// In which line somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrottleClass {
    /// Who may be anybody: a crowd of strangers waits here.
    Unknown,
    /// Who was here before: a place of his own, whatever goes on at the other door.
    Known,
}

/// Hashes and verifies passwords, few at a time: each takes a core and 19 MiB, so a burst of sign-ins waits
/// in line instead of exhausting the machine. Clones share the lines.
#[derive(Debug, Clone)]
pub struct Passwords {
    places: Arc<Semaphore>,
    reserved: Arc<Semaphore>,
}

impl Default for Passwords {
    /// As many at a time as there are cores.
    fn default() -> Self {
        Self::new(thread::available_parallelism().map_or(1, usize::from))
    }
}

impl Passwords {
    /// Works on `at_once` passwords at a time.
    pub fn new(at_once: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(at_once)), reserved: Arc::new(Semaphore::new(1)) }
    }

    /// The PHC string to store. Check a new password with [`rules::check`] first.
    pub async fn hash(&self, password: SecretString) -> Result<String, Error> {
        self.run(ThrottleClass::Unknown, move || {
            let hash = argon2()?.hash_password(password.expose_secret().as_bytes());
            hash.map(|hash: PasswordHash| hash.to_string()).map_err(|_| Error::Hashing)
        })
        .await
    }

    /// Whether `password` is the one behind `stored`. Pass `None` for an unknown account: the answer is
    /// `false` after the same work, so that time does not tell which accounts exist.
    pub async fn verify(
        &self,
        password: SecretString,
        stored: Option<String>,
        door: ThrottleClass,
    ) -> Result<bool, Error> {
        self.run(door, move || {
            let stored = stored.as_deref().unwrap_or(NOBODY);
            let hash = PasswordHash::new(stored).map_err(|_| Error::StoredHash)?;
            match argon2()?.verify_password(password.expose_secret().as_bytes(), &hash) {
                Ok(()) => Ok(true),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(_) => Err(Error::StoredHash),
            }
        })
        .await
    }

    async fn run<T, F>(&self, door: ThrottleClass, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Error> + Send + 'static,
    {
        let places = match door {
            ThrottleClass::Unknown => &self.places,
            ThrottleClass::Known => &self.reserved,
        };
        let place = timeout(PATIENCE, Arc::clone(places).acquire_owned()).await.map_err(|_| Error::Busy)?;
        let place = place.map_err(|_| Error::Hashing)?;
        let done = task::spawn_blocking(move || {
            // Held by the work itself: a caller that goes away frees no place that is still busy.
            let _place = place;
            work()
        });
        done.await.map_err(|_| Error::Hashing)?
    }
}

/// Whether `stored` was made with other parameters than today's; hash again at the next good sign-in.
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
