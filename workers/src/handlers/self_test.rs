//! `self-test`.

use super::{Tools, outcome};
use crate::JobContext;
use fleet::isolation::Site;
use jobs::{Outcome, kinds::SelfTest};

/// Tries out the walls; a test that finds a hole is a test that worked.
pub(super) async fn handle(tools: Tools, job: JobContext, _payload: SelfTest) -> Outcome {
    let Tools { services, walls, placement, public_port, .. } = tools;
    let site = Site { placement, public_port };
    match fleet::isolation::run(&services, walls.as_ref(), &site, &job, job.id()).await {
        Ok(()) => Outcome::Done,
        Err(error) => outcome(error),
    }
}
