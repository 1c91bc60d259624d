//! `apply-config`: make sure that a running container uses its user's newest configuration.

use crate::{Job, Lane, Policy, RetryBackoff};
use domain::ContainerId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplyConfig {
    /// The row in `user_containers`.
    pub container_id: ContainerId,
}

impl Job for ApplyConfig {
    const KIND: &'static str = "apply-config";
    // It waits for the container's report and costs the machine nothing: it needs no slot of the containers' lane.
    const LANE: Lane = Lane::Providers;

    fn policy() -> Policy {
        Policy {
            max_attempts: 3,
            backoff: RetryBackoff { initial: Duration::from_secs(1), max: Duration::from_secs(10) },
            timeout: Duration::from_secs(120),
            ..Policy::default()
        }
    }

    // If the configuration changes while it waits, it runs once more.
    fn unique_key(&self) -> Option<String> {
        Some(format!("apply:{}", self.container_id))
    }
}
