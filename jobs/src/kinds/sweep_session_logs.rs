//! `sweep-session-logs`: enqueue `ingest-session-log` for sessions that are not archived yet.

use crate::{Job, Lane, Policy};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// No payload: the handler reads what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepSessionLogs {}

impl Job for SweepSessionLogs {
    const KIND: &'static str = "sweep-session-logs";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        // The next tick of its schedule tries again anyway.
        Policy { max_attempts: 2, timeout: Duration::from_secs(60), ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
