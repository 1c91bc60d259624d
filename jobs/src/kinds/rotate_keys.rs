//! `rotate-keys`: wrap all data keys by the newest key of MOSAIC_SECRET_KEY.

use crate::{Job, Lane, Policy};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotateKeys {
    /// Id of the key that is to wrap everything: a worker that was not restarted with it must not do it.
    pub key: String,
}

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
