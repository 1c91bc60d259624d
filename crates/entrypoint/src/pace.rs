//! How long to wait before the next attempt. Many containers lose Mosaic in the same moment; the
//! jitter keeps them from coming back in the same moment.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const CAP: Duration = Duration::from_secs(10);
/// Where waiting is all that helps: somebody must act first.
const SLOW: Duration = Duration::from_secs(30);

/// Doubling waits with jitter.
#[derive(Debug)]
pub struct Backoff {
    failures: u32,
    jitter: fn() -> f64,
}

impl Backoff {
    /// `jitter` returns a number from 0 to 1: pass [`random`] but in tests.
    pub fn new(jitter: fn() -> f64) -> Self {
        Self { failures: 0, jitter }
    }

    /// The wait after one more failure: 0.5 s, 1 s, 2 s … 10 s, of which half is jitter.
    pub fn after_failure(&mut self) -> Duration {
        let wait = FIRST.saturating_mul(1 << self.failures.min(10)).min(CAP);
        self.failures += 1;
        self.spread(wait)
    }

    /// The wait after a refusal that only somebody else can lift.
    pub fn after_refusal(&mut self) -> Duration {
        self.spread(SLOW)
    }

    fn spread(&self, wait: Duration) -> Duration {
        wait.mul_f64(0.5 + 0.5 * (self.jitter)().clamp(0.0, 1.0))
    }
}

/// A fresh random number from 0 to 1. Each `RandomState` has new keys: good enough for jitter.
pub fn random() -> f64 {
    let bits = RandomState::new().hash_one(0);
    f64::from((bits >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn waits_double_to_the_cap() {
        let mut pace = Backoff::new(|| 1.0);
        let waits: Vec<_> = (0..7).map(|_| pace.after_failure().as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        let mut early = Backoff::new(|| 0.0);
        assert_eq!(early.after_failure(), FIRST / 2);
        assert!((0..100).all(|_| early.after_failure() <= CAP));
    }

    #[test]
    fn jitter_differs_and_stays_in_range() {
        let some: Vec<_> = (0..20).map(|_| random()).collect();
        assert!(some.iter().all(|number| (0.0..=1.0).contains(number)));
        assert!(some.iter().any(|number| (number - some[0]).abs() > 0.01));
    }
}
