//! `warm-up`: a first chat with a fresh container that nobody sees, so that its user's first one is quick.

use crate::{Job, Lane, Policy, Priority};
use domain::ContainerId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WarmUp {
    /// Which container.
    pub container_id: ContainerId,
}

impl Job for WarmUp {
    const KIND: &'static str = "warm-up";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        // A head start that comes late is none.
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
