//! How long to wait before the next attempt. Many containers lose Mosaic at the same time; with
//! jitter they do not all come back at the same time.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST_DELAY: Duration = Duration::from_millis(500);
const MAX_DELAY: Duration = Duration::from_secs(10);
/// After a refusal, which ends only when an admin acts.
const REFUSED_DELAY: Duration = Duration::from_secs(30);

/// Delays that double, with jitter.
#[derive(Debug)]
pub struct Backoff {
    failures: u32,
    jitter: fn() -> f64,
}

impl Backoff {
    /// `jitter` returns a number from 0 to 1: [`random`], except in tests.
    pub fn new(jitter: fn() -> f64) -> Self {
        Self { failures: 0, jitter }
    }

    /// The delay after another failure: 0.5 s, 1 s, 2 s … 10 s, half of which is jitter.
    pub fn after_failure(&mut self) -> Duration {
        let delay = FIRST_DELAY.saturating_mul(1 << self.failures.min(10)).min(MAX_DELAY);
        self.failures += 1;
        self.with_jitter(delay)
    }

    /// The delay after a refusal.
    pub fn after_refusal(&mut self) -> Duration {
        self.with_jitter(REFUSED_DELAY)
    }

    fn with_jitter(&self, delay: Duration) -> Duration {
        delay.mul_f64(0.5 + 0.5 * (self.jitter)().clamp(0.0, 1.0))
    }
}

/// A random number from 0 to 1. Each `RandomState` has new keys, which is good enough for jitter.
pub fn random() -> f64 {
    let bits = RandomState::new().hash_one(0);
    f64::from((bits >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum() {
        let mut backoff = Backoff::new(|| 1.0);
        let waits: Vec<_> = (0..7).map(|_| backoff.after_failure().as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        let mut early = Backoff::new(|| 0.0);
        assert_eq!(early.after_failure(), FIRST_DELAY / 2);
        assert!((0..100).all(|_| early.after_failure() <= MAX_DELAY));
    }

    #[test]
    fn jitter_differs_and_stays_in_range() {
        let some: Vec<_> = (0..20).map(|_| random()).collect();
        assert!(some.iter().all(|number| (0.0..=1.0).contains(number)));
        assert!(some.iter().any(|number| (number - some[0]).abs() > 0.01));
    }
}
