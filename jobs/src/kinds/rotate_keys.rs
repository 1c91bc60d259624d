//! `rotate-keys`: wrap all data keys by the newest key of MOSAIC_SECRET_KEY.

use crate::{Job, Lane, Policy};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Payload: nothing, the ring of the worker says which key is the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotateKeys {}

impl Job for RotateKeys {
    const KIND: &'static str = "rotate-keys";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        // It goes on where it was, so an attempt that runs out of time is not lost.
        Policy { max_attempts: 5, timeout: Duration::from_secs(600), ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
