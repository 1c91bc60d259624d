//! `prune-knowledge`: delete findings and memories that have expired.

use crate::{Job, Lane, Policy};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// No payload: the handler reads what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneKnowledge {}

impl Job for PruneKnowledge {
    const KIND: &'static str = "prune-knowledge";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        Policy { max_attempts: 3, timeout: Duration::from_secs(600), ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
