//! `prune-exports`: remove archives that are past their time.

use crate::{Job, Lane, Policy};
use serde::{Deserialize, Serialize};

/// Payload: nothing; it looks for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneExports {}

impl Job for PruneExports {
    const KIND: &'static str = "prune-exports";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        Policy { max_attempts: 3, ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
