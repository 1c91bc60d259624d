//! `delete-user`: an account and everything of it goes for good.

use crate::{Backoff, Job, Lane, Policy, Priority};
use domain::{ContainerId, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Payload. The container is named beside the user, because its row may be gone before it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteUser {
    /// The account.
    pub user_id: UserId,
    /// Its container, if it ever had one.
    #[serde(default)]
    pub container_id: Option<ContainerId>,
}

impl Job for DeleteUser {
    const KIND: &'static str = "delete-user";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        // Nobody presses a button again for him: it is tried for days.
        Policy {
            max_attempts: 200,
            backoff: Backoff { first: Duration::from_secs(2), most: Duration::from_secs(1800) },
            timeout: Duration::from_secs(300),
            priority: Priority::High,
        }
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("delete:{}", self.user_id))
    }
}
