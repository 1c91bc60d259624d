//! `start-container`: bring a user's agent container into its desired state, and wait until it answers.

use crate::{Job, Lane, Policy, Priority};
use domain::ContainerId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartContainer {
    /// The row in `user_containers`.
    pub container_id: ContainerId,
}

impl Job for StartContainer {
    const KIND: &'static str = "start-container";
    const LANE: Lane = Lane::Containers;

    fn policy() -> Policy {
        // A person waits for the answer to their message.
        Policy {
            max_attempts: 5,
            timeout: Duration::from_secs(600),
            priority: Priority::High,
            ..Policy::default()
        }
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("start:{}", self.container_id))
    }
}
