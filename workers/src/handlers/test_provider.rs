//! `test-provider`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::TestProvider};

/// Tests the provider. The job succeeds even if the test finds a fault.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: TestProvider) -> Outcome {
    match fleet::providers::run_test(&tools.cx(&job), &job, payload.provider_id).await {
        Ok(_) => Outcome::Done,
        Err(error) => outcome(error),
    }
}
