//! `ingest-session-log`.

use super::{Tools, outcome};
use crate::JobContext;
use fleet::{
    Error,
    conversations::{Otherwise, Taken, take_in},
};
use jobs::{Outcome, kinds::IngestSessionLog};

/// So often the agent's own record is waited for, before what Mosaic itself knows is taken instead.
const PATIENCE: u32 = 3;

/// Takes in what is there. What the agent has not written down yet, or cannot say now, is looked for again soon.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: IngestSessionLog) -> Outcome {
    let otherwise = if job.failures() < PATIENCE { Otherwise::Wait } else { Otherwise::TakeTheTurn };
    match take_in(&tools.services, payload.user_id, otherwise).await {
        Ok(Taken::All) => Outcome::Done,
        Ok(Taken::NotYet) => Outcome::retry("The agent has not written everything down yet."),
        Err(Error::Upstream { detail, .. }) => Outcome::retry(detail),
        Err(error) => outcome(error),
    }
}
