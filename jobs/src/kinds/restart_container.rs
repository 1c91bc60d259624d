//! `restart-container`: recreate a user's agent container from the current image and settings.

use crate::{Job, Lane, Policy, Priority};
use domain::ContainerId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestartContainer {
    /// The row in `user_containers`.
    pub container_id: ContainerId,
}

impl Job for RestartContainer {
    const KIND: &'static str = "restart-container";
    const LANE: Lane = Lane::Containers;

    fn policy() -> Policy {
        Policy {
            max_attempts: 5,
            timeout: Duration::from_secs(600),
            priority: Priority::High,
            ..Policy::default()
        }
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("restart:{}", self.container_id))
    }
}
