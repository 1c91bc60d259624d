//! `rotate-keys`: wrap all data keys with the newest key of MOSAIC_SECRET_KEY.

use crate::{Job, Lane, Policy};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotateKeys {
    /// Id of the new key: a worker that was not restarted with this key must not run the job.
    pub key: String,
}

impl Job for RotateKeys {
    const KIND: &'static str = "rotate-keys";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        // It continues where it stopped, so an attempt that times out is not lost.
        Policy { max_attempts: 5, timeout: Duration::from_secs(600), ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
