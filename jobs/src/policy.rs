//! How a kind of job is treated: how many attempts, how long, how urgent.

use crate::Priority;
use std::time::Duration;

/// How a kind of job is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The job is dead after this many failed attempts. Attempts lost with their worker do not count.
    pub max_attempts: u32,
    /// Delay before each retry, unless the handler names one.
    pub backoff: RetryBackoff,
    /// An attempt that takes longer is ended and counts as failed.
    pub timeout: Duration,
    pub priority: Priority,
}

impl Default for Policy {
    /// Five attempts of at most two minutes, back-off from one second to five minutes, normal priority.
    fn default() -> Self {
        Self {
            max_attempts: 5,
            backoff: RetryBackoff { initial: Duration::from_secs(1), max: Duration::from_secs(300) },
            timeout: Duration::from_secs(120),
            priority: Priority::Normal,
        }
    }
}

/// Delays that double from `initial` up to `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryBackoff {
    /// After the first failure.
    pub initial: Duration,
    /// Before jitter.
    pub max: Duration,
}

impl RetryBackoff {
    /// The delay after `failures` failures (1 = the first). `jitter` in 0..1 spreads it over 75 % to 125 %, so that
    /// jobs which failed together are not retried together.
    pub fn delay(&self, failures: u32, jitter: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(30);
        let delay = self.initial.saturating_mul(1 << doublings).min(self.max);
        delay.mul_f64(0.75 + jitter.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum_and_are_spread() {
        let backoff = RetryBackoff { initial: Duration::from_secs(1), max: Duration::from_secs(10) };
        let middle = |failures| backoff.delay(failures, 0.5).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 99].map(middle), [1, 2, 4, 8, 10, 10]);
        assert_eq!(backoff.delay(1, 0.0), Duration::from_millis(750));
        assert_eq!(backoff.delay(1, 1.0), Duration::from_millis(1250));
        assert_eq!(backoff.delay(0, 0.5), backoff.delay(1, 0.5));
    }
}
