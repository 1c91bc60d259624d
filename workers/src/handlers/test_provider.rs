//! `test-provider`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::TestProvider};

/// Tests the provider; a test that finds a fault is a test that worked.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: TestProvider) -> Outcome {
    match fleet::providers::run_test(&tools.cx(&job), &job, payload.provider_id).await {
        Ok(_) => Outcome::Done,
        Err(error) => outcome(error),
    }
}
