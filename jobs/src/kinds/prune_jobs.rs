//! `prune-jobs`: delete jobs from the history that are older than the retention.

use crate::{Job, Lane, Policy};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// No payload: the handler reads what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneJobs {}

impl Job for PruneJobs {
    const KIND: &'static str = "prune-jobs";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        Policy { max_attempts: 3, timeout: Duration::from_secs(600), ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
