//! The job of the soak test: it works for a while, and ends in a way that its number determines.

use jobs::{Job, JobState, Lane, Policy, RetryBackoff};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SoakJob {
    /// Counts from 1.
    pub n: i64,
}

impl Job for SoakJob {
    const KIND: &'static str = "soaked";
    const LANE: Lane = Lane::Ingest;

    fn policy() -> Policy {
        let backoff = RetryBackoff { initial: Duration::from_millis(500), max: Duration::from_secs(5) };
        Policy { max_attempts: 5, backoff, timeout: Duration::from_secs(60), ..Policy::default() }
    }
}

/// What its handler does at the end of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedEnd {
    /// Writes its effect and is done.
    Succeed,
    /// Fails in its first attempt, succeeds in the next.
    FailOnce,
    /// Panics in its first attempt, succeeds in the next.
    PanicOnce,
    /// Fails for good.
    GiveUp,
}

impl SoakJob {
    /// 5 % fail once, 2 % panic once, 1 % fail for good.
    pub const fn planned_end(&self) -> PlannedEnd {
        match self.n % 100 {
            0 => PlannedEnd::GiveUp,
            1 | 2 => PlannedEnd::PanicOnce,
            3..=7 => PlannedEnd::FailOnce,
            _ => PlannedEnd::Succeed,
        }
    }

    /// Up to 0.4 s. One job in two hundred works for 8 s, so that kills hit it.
    pub const fn duration(&self) -> Duration {
        let millis = if self.n % 200 == 9 { 8_000 } else { (self.n * 7919) % 400 };
        Duration::from_millis(millis.unsigned_abs())
    }

    /// The state in which it must end.
    pub const fn final_state(&self) -> JobState {
        match self.planned_end() {
            PlannedEnd::GiveUp => JobState::Failed,
            PlannedEnd::Succeed | PlannedEnd::FailOnce | PlannedEnd::PanicOnce => JobState::Done,
        }
    }
}
