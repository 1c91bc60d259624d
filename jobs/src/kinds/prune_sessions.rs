//! `prune-sessions`: delete the sessions in a user's container that no chat can continue.

use crate::{Job, Lane, Policy, Priority};
use domain::UserId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PruneSessions {
    pub user_id: UserId,
}

impl Job for PruneSessions {
    const KIND: &'static str = "prune-sessions";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        // The next `ingest-session-log` enqueues it again for what it leaves.
        Policy {
            max_attempts: 5,
            timeout: Duration::from_secs(300),
            priority: Priority::Low,
            ..Policy::default()
        }
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("prune-sessions:{}", self.user_id))
    }
}
