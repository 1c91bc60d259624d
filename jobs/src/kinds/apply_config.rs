//! `apply-config`: see to it that a running container has its user's newest configuration in force.

use crate::{Backoff, Job, Lane, Policy};
use domain::ContainerId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplyConfig {
    /// The row in `user_containers`.
    pub container_id: ContainerId,
}

impl Job for ApplyConfig {
    const KIND: &'static str = "apply-config";
    // It waits for what the container says and needs nothing of the machine: no place in the containers' lane.
    const LANE: Lane = Lane::Providers;

    fn policy() -> Policy {
        Policy {
            max_attempts: 3,
            backoff: Backoff { first: Duration::from_secs(1), most: Duration::from_secs(10) },
            timeout: Duration::from_secs(120),
            ..Policy::default()
        }
    }

    // A change during the wait lets it look once more.
    fn unique_key(&self) -> Option<String> {
        Some(format!("apply:{}", self.container_id))
    }
}
