//! `stop-container`: pause, stop or remove a user's agent container, as its row asks for.

use crate::{Job, Lane, Policy};
use domain::ContainerId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StopContainer {
    /// The row in `user_containers`.
    pub container_id: ContainerId,
}

impl Job for StopContainer {
    const KIND: &'static str = "stop-container";
    const LANE: Lane = Lane::Containers;

    fn policy() -> Policy {
        Policy { max_attempts: 5, timeout: Duration::from_secs(120), ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("stop:{}", self.container_id))
    }
}
