//! `sweep-containers`: compare the containers that should run with those that do, and repair the differences.

use crate::{Job, Lane, Policy};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// No payload: the handler reads what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepContainers {}

impl Job for SweepContainers {
    const KIND: &'static str = "sweep-containers";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        // It is enqueued again within a minute anyway.
        Policy { max_attempts: 2, timeout: Duration::from_secs(50), ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
