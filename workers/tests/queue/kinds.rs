//! Kinds that exist in tests only.

use jobs::{Job, Lane, Policy, RetryBackoff};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Does what the handler of the test does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    pub n: u32,
}

impl Job for Ping {
    const KIND: &'static str = "ping";
    const LANE: Lane = Lane::Maintenance;
}

/// Three attempts of at most 500 ms, 200 ms and 400 ms apart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flaky {}

impl Job for Flaky {
    const KIND: &'static str = "flaky";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        let backoff = RetryBackoff { initial: Duration::from_millis(200), max: Duration::from_secs(1) };
        Policy { max_attempts: 3, backoff, timeout: Duration::from_millis(500), ..Policy::default() }
    }
}

/// Jobs of one subject merge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Keyed {
    pub subject: String,
}

impl Keyed {
    pub fn new(subject: &str) -> Self {
        Self { subject: subject.to_owned() }
    }
}

impl Job for Keyed {
    const KIND: &'static str = "keyed";
    const LANE: Lane = Lane::Maintenance;

    fn unique_key(&self) -> Option<String> {
        Some(format!("keyed:{}", self.subject))
    }
}
