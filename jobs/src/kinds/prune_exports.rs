//! `prune-exports`: delete archives that have expired.

use crate::{Job, Lane, Policy};
use serde::{Deserialize, Serialize};

/// No payload: the handler reads what it needs.
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
