//! `delete-user`.

use super::{Tools, outcome};
use crate::JobContext;
use fleet::Error;
use jobs::{Outcome, kinds::DeleteUser};

/// Deletes everything; what is deleted already is skipped.
pub(super) async fn handle(tools: Tools, job: JobContext, payload: DeleteUser) -> Outcome {
    let DeleteUser { user_id, container_id } = payload;
    match fleet::users::delete(&tools.cx(&job), tools.engine.as_ref(), &job, user_id, container_id).await {
        Ok(()) => Outcome::Done,
        // With the kind's own back-off: the engine may be unavailable for a day.
        Err(Error::Unavailable { detail, .. }) => Outcome::retry(detail),
        Err(error) => outcome(error),
    }
}
