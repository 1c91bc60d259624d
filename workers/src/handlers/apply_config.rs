//! `apply-config`.

use super::{Tools, outcome};
use crate::JobContext;
use fleet::containers::{Applied, apply};
use jobs::{Outcome, kinds::ApplyConfig};

/// Waits until the container uses the newest configuration.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: ApplyConfig) -> Outcome {
    match apply(&tools.services, &job, payload.container_id).await {
        Ok(Applied::InForce | Applied::Restarting) => Outcome::Done,
        // Without OpenClaw's message, which may quote the user's own texts: admins read this.
        Ok(Applied::Refused) => Outcome::fail(
            "OpenClaw did not accept the configuration. The container's status shows its message.",
        ),
        Ok(Applied::Cancelled) => Outcome::Cancelled,
        Err(error) => outcome(error),
    }
}
