//! `measure-containers`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::MeasureContainers};

/// Records how much memory each container uses.
pub(super) async fn handle(tools: Tools, _job: JobContext, _payload: MeasureContainers) -> Outcome {
    match fleet::overview::measure(&tools.services, tools.engine.as_ref()).await {
        Ok(_) => Outcome::Done,
        Err(error) => outcome(error),
    }
}
