//! `embed`: give vectors to what a user saved, and make its words anew where the language changed.

use crate::{Job, Lane, Policy};
use domain::UserId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Embed {
    /// Whose knowledge.
    pub user_id: UserId,
}

impl Job for Embed {
    const KIND: &'static str = "embed";
    const LANE: Lane = Lane::Ingest;

    fn policy() -> Policy {
        // It goes on where it was, so an attempt that runs out of time is not lost. Where the engine stays away one job
        // waits for it and says so, instead of one more that gave up with each thing that is saved.
        Policy { max_attempts: 1000, timeout: Duration::from_secs(3600), ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("embed:{}", self.user_id))
    }
}
