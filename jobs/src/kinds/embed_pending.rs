//! `embed-pending`: enqueue `embed` for every user whose knowledge lacks embeddings.

use crate::{Job, Lane, Policy};
use serde::{Deserialize, Serialize};

/// No payload: the handler reads what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedPending {}

impl Job for EmbedPending {
    const KIND: &'static str = "embed-pending";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        Policy { max_attempts: 3, ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
