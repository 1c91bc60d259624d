//! `ingest-session-log`: take what a user and his agents have said into the archive of conversations.

use crate::{Backoff, Job, Lane, Policy};
use domain::UserId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngestSessionLog {
    /// Whose sessions.
    pub user_id: UserId,
}

impl Job for IngestSessionLog {
    const KIND: &'static str = "ingest-session-log";
    const LANE: Lane = Lane::Ingest;

    fn policy() -> Policy {
        Policy {
            max_attempts: 6,
            // OpenClaw writes an answer down a moment after its last word. With the second before the first look the
            // fourth, which waits for nothing any more, comes within 8 s of it.
            backoff: Backoff { first: Duration::from_millis(750), most: Duration::from_secs(30) },
            timeout: Duration::from_secs(120),
            ..Policy::default()
        }
    }

    // Turns that end while it runs let it look once more.
    fn unique_key(&self) -> Option<String> {
        Some(format!("ingest:{}", self.user_id))
    }
}
