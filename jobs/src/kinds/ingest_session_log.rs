//! `ingest-session-log`: copy what a user and their agents have said into the archive of conversations.

use crate::{Job, Lane, Policy, RetryBackoff};
use domain::UserId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngestSessionLog {
    pub user_id: UserId,
}

impl Job for IngestSessionLog {
    const KIND: &'static str = "ingest-session-log";
    const LANE: Lane = Lane::Ingest;

    fn policy() -> Policy {
        Policy {
            max_attempts: 6,
            // OpenClaw stores an answer a moment after its last word. The first attempt starts a second after the turn
            // ended; with these delays the fourth, which no longer waits for OpenClaw, starts within 8 s.
            backoff: RetryBackoff { initial: Duration::from_millis(750), max: Duration::from_secs(30) },
            timeout: Duration::from_secs(120),
            ..Policy::default()
        }
    }

    // If a turn ends while it runs, it runs once more.
    fn unique_key(&self) -> Option<String> {
        Some(format!("ingest:{}", self.user_id))
    }
}
