//! `warm-up`: a hidden first chat with a new container, so that its user's first chat is fast.

use crate::{Job, Lane, Policy, Priority};
use domain::ContainerId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WarmUp {
    pub container_id: ContainerId,
}

impl Job for WarmUp {
    const KIND: &'static str = "warm-up";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        // A warm-up that comes late is of no use.
        Policy {
            max_attempts: 1,
            timeout: Duration::from_secs(90),
            priority: Priority::Low,
            ..Policy::default()
        }
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("warm-up:{}", self.container_id))
    }
}
