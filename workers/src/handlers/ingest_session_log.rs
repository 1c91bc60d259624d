//! `ingest-session-log`.

use super::{Tools, outcome};
use crate::JobContext;
use fleet::{
    Error,
    conversations::{Otherwise, Taken, take_in, take_in_old},
};
use jobs::{Outcome, kinds::IngestSessionLog};

/// So often the agent's own record is waited for, before what Mosaic itself knows is taken instead.
const PATIENCE: u32 = 3;

/// Takes in what is there, then what an older version left behind. What the agent has not written down yet, or cannot say now, is looked for again soon.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: IngestSessionLog) -> Outcome {
    let otherwise = if job.failures() < PATIENCE { Otherwise::Wait } else { Otherwise::TakeTheTurn };
    match take_in(&tools.services, payload.user_id, otherwise).await {
        Ok(Taken::All) => match take_in_old(&tools.services, tools.engine.as_ref(), payload.user_id).await {
            Ok(()) => Outcome::Done,
            Err(error) => outcome(error),
        },
        Ok(Taken::NotYet) => Outcome::retry("The agent has not written everything down yet."),
        Err(Error::Upstream { detail, .. }) => Outcome::retry(detail),
        Err(error) => outcome(error),
    }
}
