//! `embed`: compute the missing embeddings of a user's knowledge, and index its words again if the language changed.

use crate::{Job, Lane, Policy};
use domain::UserId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Embed {
    pub user_id: UserId,
}

impl Job for Embed {
    const KIND: &'static str = "embed";
    const LANE: Lane = Lane::Ingest;

    fn policy() -> Policy {
        // It continues where it stopped, so an attempt that times out is not lost. While the embedding engine is not
        // available, this one job waits for it and shows so; otherwise each save would leave one more failed job.
        Policy { max_attempts: 1000, timeout: Duration::from_secs(3600), ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("embed:{}", self.user_id))
    }
}
