//! Retry, cancel and discard: of listed jobs, or of all that a filter matches.

use super::{Filter, owner_filter};
use crate::{Cx, Error, Result};
use ::jobs::{JobState, Tx, board, cancel};
use domain::{Invalid, JobId};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// Jobs that one call acts on.
const MAX_JOBS_PER_CALL: usize = 1000;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Enqueue again what ended without success; start at once what waits for its next try.
    Retry,
    /// Ask jobs that wait or run to end.
    Cancel,
    /// Delete jobs that have ended.
    Discard,
}

impl Action {
    /// States in which a job can be acted on.
    const fn states(self) -> &'static [JobState] {
        match self {
            Self::Retry => &[JobState::Failed, JobState::Dead, JobState::Cancelled, JobState::Queued],
            Self::Cancel => &[JobState::Queued, JobState::Running],
            Self::Discard => &[JobState::Done, JobState::Failed, JobState::Dead, JobState::Cancelled],
        }
    }

    const fn audit_action(self) -> &'static str {
        match self {
            Self::Retry => "job.retry",
            Self::Cancel => "job.cancel",
            Self::Discard => "job.discard",
        }
    }
}

/// Which jobs to act on.
#[derive(Debug, Clone)]
pub enum JobSelection {
    Ids(Vec<JobId>),
    /// Those that the filter matches, the newest first.
    Filter(Filter),
}

impl JobSelection {
    /// From a client's request, which must contain exactly one of the two.
    pub fn parse(ids: Option<Vec<JobId>>, filter: Option<Filter>) -> Result<Self> {
        match (ids, filter) {
            (Some(ids), None) if ids.len() > MAX_JOBS_PER_CALL => {
                Err(Invalid::new("ids", format!("Name at most {MAX_JOBS_PER_CALL} jobs.")).into())
            }
            (Some(ids), None) => Ok(Self::Ids(ids)),
            (None, Some(filter)) => Ok(Self::Filter(filter)),
            _ => {
                Err(Invalid::new("ids", "Say either `ids` or `filter`; `{\"filter\":{}}` means all.").into())
            }
        }
    }
}

/// The result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JobsActed)]
pub struct Acted {
    /// Jobs that matched.
    matched: usize,
    /// Jobs that were changed; the others did not need it, or do not belong to the caller.
    changed: usize,
    /// Whether the filter matches more jobs than one call acts on: call again.
    more: bool,
}

/// Does it, in one transaction with its audit entry.
pub async fn act(cx: &Cx, action: Action, selection: JobSelection) -> Result<Acted> {
    let mut tx = cx.begin().await?;
    let (ids, more) = match selection {
        JobSelection::Ids(ids) => (ids, false),
        JobSelection::Filter(filter) => matching(cx, &mut tx, action, filter).await?,
    };
    let changed = apply(&mut tx, action, &ids).await?;
    let acted = Acted { matched: ids.len(), changed, more };
    if changed > 0 {
        let subject = match ids.as_slice() {
            [id] => id.to_string(),
            many => format!("{} jobs", many.len()),
        };
        let named: Vec<_> = ids.iter().take(20).collect();
        cx.audit(&mut tx, action.audit_action(), &subject, None, json!({ "changed": changed, "ids": named }))
            .await?;
    }
    tx.commit().await?;
    Ok(acted)
}

async fn matching(cx: &Cx, tx: &mut Tx, action: Action, filter: Filter) -> Result<(Vec<JobId>, bool)> {
    let mut filter = filter.check()?;
    let requested = filter.states.take();
    let is_requested = |state: &&JobState| requested.as_ref().is_none_or(|states| states.contains(state));
    let states = action.states().iter().filter(is_requested);
    filter.states = Some(states.copied().collect());
    let found = board::list(tx, owner_filter(cx)?, &filter, None, MAX_JOBS_PER_CALL as i64 + 1).await?;
    let more = found.len() > MAX_JOBS_PER_CALL;
    Ok((found.into_iter().take(MAX_JOBS_PER_CALL).map(|job| job.id).collect(), more))
}

async fn apply(tx: &mut Tx, action: Action, ids: &[JobId]) -> Result<usize> {
    let done = match action {
        Action::Retry => board::retry(tx, ids).await.map(|retried| retried.len()),
        Action::Cancel => cancel::many(tx, ids).await.map(|cancelled| cancelled.len()),
        Action::Discard => board::discard(tx, ids).await.map(|discarded| discarded.len()),
    };
    done.map_err(|error| match error {
        // Another request enqueued the same work at the same moment.
        store::Error::Conflict(_) => {
            Error::conflict("job_active", "The same work was just enqueued again. Reload and repeat.")
        }
        other => other.into(),
    })
}
