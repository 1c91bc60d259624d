//! `sweep-session-logs`: the safety net under `ingest-session-log`.

use crate::{Job, Lane, Policy};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Payload: nothing; it looks for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepSessionLogs {}

impl Job for SweepSessionLogs {
    const KIND: &'static str = "sweep-session-logs";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        // The next tick tries again anyway.
        Policy { max_attempts: 2, timeout: Duration::from_secs(60), ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
