//! `prune-sessions`.

use super::{Tools, outcome};
use crate::JobContext;
use fleet::conversations::{Pruned, prune};
use jobs::{Outcome, kinds::PruneSessions};

/// So often it waits for a pause of somebody who goes on using the container; his next turn asks again.
const PATIENCE: u32 = 3;

/// Deletes what nobody can go on with, as long as nobody uses the container.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: PruneSessions) -> Outcome {
    match prune(&tools.services, &job, payload.user_id).await {
        Ok(Pruned::Deleted(deleted)) => {
            tracing::info!(deleted, user = %payload.user_id, "deleted sessions that nobody needs");
            Outcome::Done
        }
        Ok(Pruned::UsedAMomentAgo(wait)) if job.failures() < PATIENCE => {
            Outcome::Retry { after: Some(wait), why: "Somebody used the container a moment ago.".into() }
        }
        Ok(Pruned::UsedAMomentAgo(_)) => Outcome::Done,
        Err(error) => outcome(error),
    }
}
