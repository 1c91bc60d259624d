//! `apply-config`.

use super::{Tools, outcome};
use crate::JobContext;
use fleet::containers::{Applied, apply};
use jobs::{Outcome, kinds::ApplyConfig};

/// Waits until the container has what is newest.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: ApplyConfig) -> Outcome {
    match apply(&tools.services, &job, payload.container_id).await {
        Ok(Applied::InForce | Applied::Restarting) => Outcome::Done,
        // What OpenClaw says may quote the user's own texts, and admins read this.
        Ok(Applied::Refused) => {
            Outcome::fail("OpenClaw did not accept the configuration. The container's status has its words.")
        }
        Ok(Applied::Cancelled) => Outcome::Cancelled,
        Err(error) => outcome(error),
    }
}
