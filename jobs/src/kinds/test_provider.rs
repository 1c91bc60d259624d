//! `test-provider`: try a user's LLM account step by step.

use crate::{Job, Lane, Policy, Priority};
use domain::ProviderId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestProvider {
    /// The row in `llm_providers`.
    pub provider_id: ProviderId,
}

impl Job for TestProvider {
    const KIND: &'static str = "test-provider";
    const LANE: Lane = Lane::Providers;

    fn policy() -> Policy {
        // Somebody reads the result and decides himself whether to try again; only a lost worker is no result.
        Policy {
            max_attempts: 1,
            timeout: Duration::from_secs(120),
            priority: Priority::High,
            ..Policy::default()
        }
    }

    // Who corrects his key while a test runs gets an answer for the new one: a merged test runs once more.
    fn unique_key(&self) -> Option<String> {
        Some(format!("test:{}", self.provider_id))
    }
}
