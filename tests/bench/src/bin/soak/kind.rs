//! The job of the soak: works for a while, and ends as its number says.

use jobs::{Backoff, Job, JobState, Lane, Policy};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Soaked {
    /// Which one, from 1.
    pub n: i64,
}

impl Job for Soaked {
    const KIND: &'static str = "soaked";
    const LANE: Lane = Lane::Ingest;

    fn policy() -> Policy {
        let backoff = Backoff { first: Duration::from_millis(500), most: Duration::from_secs(5) };
        Policy { max_attempts: 5, backoff, timeout: Duration::from_secs(60), ..Policy::default() }
    }
}

/// What its handler does at the end of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Its effect, and done.
    Succeed,
    /// Fails in its first try, succeeds in the next.
    FailOnce,
    /// Panics in its first try, succeeds in the next.
    PanicOnce,
    /// Gives up.
    GiveUp,
}

impl Soaked {
    /// 5 % fail once, 2 % panic once, 1 % give up.
    pub const fn fate(&self) -> Fate {
        match self.n % 100 {
            0 => Fate::GiveUp,
            1 | 2 => Fate::PanicOnce,
            3..=7 => Fate::FailOnce,
            _ => Fate::Succeed,
        }
    }

    /// From nothing to 0.4 s; one of two hundred works for 8 s, so that kills meet it.
    pub const fn works(&self) -> Duration {
        let millis = if self.n % 200 == 9 { 8_000 } else { (self.n * 7919) % 400 };
        Duration::from_millis(millis.unsigned_abs())
    }

    /// Where it must end.
    pub const fn end(&self) -> JobState {
        match self.fate() {
            Fate::GiveUp => JobState::Failed,
            Fate::Succeed | Fate::FailOnce | Fate::PanicOnce => JobState::Done,
        }
    }
}
