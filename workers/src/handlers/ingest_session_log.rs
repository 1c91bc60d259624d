//! `ingest-session-log`.

use super::{Tools, outcome};
use crate::JobContext;
use fleet::{
    Error,
    conversations::{ArchiveOutcome, IncompleteTurns, archive_turns, import_legacy_logs},
};
use jobs::{Outcome, kinds::IngestSessionLog};

/// How often the job is retried to get the agent's own record, before the turn that Mosaic stored is used instead.
const MAX_WAITS_FOR_RECORD: u32 = 3;

/// Archives what the agent has recorded, then the logs of an older version. If the agent has not recorded everything
/// yet, or cannot be asked now, the job is retried soon.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: IngestSessionLog) -> Outcome {
    let incomplete = if job.failures() < MAX_WAITS_FOR_RECORD {
        IncompleteTurns::Wait
    } else {
        IncompleteTurns::UseStoredTurn
    };
    match archive_turns(&tools.services, payload.user_id, incomplete).await {
        Ok(ArchiveOutcome::Complete) => {
            match import_legacy_logs(&tools.services, tools.engine.as_ref(), payload.user_id).await {
                Ok(()) => Outcome::Done,
                Err(error) => outcome(error),
            }
        }
        Ok(ArchiveOutcome::Incomplete) => Outcome::retry("The agent has not recorded everything yet."),
        Err(Error::Upstream { detail, .. }) => Outcome::retry(detail),
        Err(error) => outcome(error),
    }
}
