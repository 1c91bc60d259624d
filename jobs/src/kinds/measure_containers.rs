//! `measure-containers`: record how much memory the containers use.

use crate::{Job, Lane, Policy, Priority};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// No payload: the handler reads what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureContainers {}

impl Job for MeasureContainers {
    const KIND: &'static str = "measure-containers";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        // The next one follows within a minute.
        Policy {
            max_attempts: 1,
            timeout: Duration::from_secs(60),
            priority: Priority::Low,
            ..Policy::default()
        }
    }

    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }
}
