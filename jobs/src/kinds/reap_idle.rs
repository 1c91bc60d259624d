//! `reap-idle`: stop containers that have not been used for longer than the idle timeout.

use crate::{Job, Lane, Policy};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// No payload: the handler reads what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReapIdle {}

impl Job for ReapIdle {
    const KIND: &'static str = "reap-idle";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        // It is enqueued again within a minute anyway.
        Policy { max_attempts: 2, timeout: Duration::from_secs(50), ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
