//! `test-provider`: test a user's account at an LLM provider, step by step.

use crate::{Job, Lane, Policy, Priority};
use domain::ProviderId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

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
        // The user reads the result and decides whether to try again. Only a lost worker leads to a second attempt.
        Policy {
            max_attempts: 1,
            timeout: Duration::from_secs(120),
            priority: Priority::High,
            ..Policy::default()
        }
    }

    // If the user corrects the key while a test runs, the merged job tests the new key.
    fn unique_key(&self) -> Option<String> {
        Some(format!("test:{}", self.provider_id))
    }
}
