//! `export-data`.

use super::{Tools, outcome};
use crate::JobContext;
use jobs::{Outcome, kinds::ExportData};

/// Creates the archive with its owner's rights.
pub(super) async fn handle(tools: Tools, job: JobContext, _payload: ExportData) -> Outcome {
    match fleet::export::run(&tools.cx(&job), tools.engine.as_ref(), &job, job.id()).await {
        Ok(_) => Outcome::Done,
        Err(error) => outcome(error),
    }
}
