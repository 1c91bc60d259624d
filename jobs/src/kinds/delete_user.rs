//! `delete-user`: delete an account and everything that belongs to it.

use crate::{Job, Lane, Policy, Priority, RetryBackoff};
use domain::{ContainerId, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The payload names the container too, because its row may be deleted before the container is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteUser {
    pub user_id: UserId,
    /// Its container, if it ever had one.
    #[serde(default)]
    pub container_id: Option<ContainerId>,
}

impl Job for DeleteUser {
    const KIND: &'static str = "delete-user";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        // No one is there to try again by hand: it is retried for days.
        Policy {
            max_attempts: 200,
            backoff: RetryBackoff { initial: Duration::from_secs(2), max: Duration::from_secs(1800) },
            timeout: Duration::from_secs(300),
            priority: Priority::High,
        }
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("delete:{}", self.user_id))
    }
}
