//! `self-test`.

use super::{Tools, outcome};
use crate::JobContext;
use fleet::isolation::Site;
use jobs::{Outcome, kinds::SelfTest};

/// Tests the isolation of agents. The job succeeds even if the test finds a gap.
pub(super) async fn handle(tools: Tools, job: JobContext, _payload: SelfTest) -> Outcome {
    let Tools { services, isolation_prober, placement, public_port, .. } = tools;
    let site = Site { placement, public_port };
    match fleet::isolation::run(&services, isolation_prober.as_ref(), &site, &job, job.id()).await {
        Ok(()) => Outcome::Done,
        Err(error) => outcome(error),
    }
}
