//! `self-test`: test the isolation of agents.

use crate::{Job, Lane, Policy, Priority};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// No payload: the settings say what is tested.
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

    // Two of them on one host would wait for each other anyway.
    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
