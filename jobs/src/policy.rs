//! How a kind of job is treated: how often, how patiently, how urgently.

use crate::Priority;
use std::time::Duration;

/// The treatment of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The job is dead after this many failed attempts. Attempts lost with their worker do not count.
    pub max_attempts: u32,
    /// Pause before each retry, unless the handler names one.
    pub backoff: Backoff,
    /// An attempt that takes longer is ended and counts as failed.
    pub timeout: Duration,
    /// Its usual priority.
    pub priority: Priority,
}

impl Default for Policy {
    /// Five attempts, back-off from one second to five minutes, two minutes each, normal priority.
    fn default() -> Self {
        Self {
            max_attempts: 5,
            backoff: Backoff { first: Duration::from_secs(1), most: Duration::from_secs(300) },
            timeout: Duration::from_secs(120),
            priority: Priority::Normal,
        }
    }
}

/// Pauses that double from `first` up to `most`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Pause after the first failure.
    pub first: Duration,
    /// The longest pause, before jitter.
    pub most: Duration,
}

impl Backoff {
    /// The pause after `failures` failures (1 = the first). `jitter` in 0..1 spreads it over 75 % to 125 %,
    /// so that jobs which failed together do not come back together.
    pub fn pause(&self, failures: u32, jitter: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(30);
        let pause = self.first.saturating_mul(1 << doublings).min(self.most);
        pause.mul_f64(0.75 + jitter.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_spread() {
        let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(10) };
        let middle = |failures| backoff.pause(failures, 0.5).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 99].map(middle), [1, 2, 4, 8, 10, 10]);
        assert_eq!(backoff.pause(1, 0.0), Duration::from_millis(750));
        assert_eq!(backoff.pause(1, 1.0), Duration::from_millis(1250));
        assert_eq!(backoff.pause(0, 0.5), backoff.pause(1, 0.5));
    }
}
