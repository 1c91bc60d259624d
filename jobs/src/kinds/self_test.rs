//! `self-test`: try out the walls around agents.

use crate::{Job, Lane, Policy, Priority};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Payload: nothing; the settings say what is to be tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfTest {}

impl Job for SelfTest {
    const KIND: &'static str = "self-test";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        Policy {
            max_attempts: 3,
            timeout: Duration::from_secs(300),
            priority: Priority::High,
            ..Policy::default()
        }
    }

    // Two at a time on one host would wait for each other anyway.
    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
