//! Retry, cancel and discard: of named jobs, or of all that a filter takes in.

use super::{Filter, whose};
use crate::{Cx, Error, Result};
use ::jobs::{JobState, Tx, board, cancel};
use domain::{Invalid, JobId};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// The most jobs that one call moves.
const MOST: usize = 1000;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Put back into the queue what ended without success; let go at once what waits for its next try.
    Retry,
    /// Ask what waits or runs to end.
    Cancel,
    /// Take what is over out of the history.
    Discard,
}

impl Action {
    /// States in which a job can be meant.
    const fn states(self) -> &'static [JobState] {
        match self {
            Self::Retry => &[JobState::Failed, JobState::Dead, JobState::Cancelled, JobState::Queued],
            Self::Cancel => &[JobState::Queued, JobState::Running],
            Self::Discard => &[JobState::Done, JobState::Failed, JobState::Dead, JobState::Cancelled],
        }
    }

    const fn audited(self) -> &'static str {
        match self {
            Self::Retry => "job.retry",
            Self::Cancel => "job.cancel",
            Self::Discard => "job.discard",
        }
    }
}

/// To which jobs.
#[derive(Debug, Clone)]
pub enum Choice {
    /// To these.
    Ids(Vec<JobId>),
    /// To those that the filter takes in, the newest first.
    Filter(Filter),
}

impl Choice {
    /// Reads what a client says: exactly one of the two.
    pub fn parse(ids: Option<Vec<JobId>>, filter: Option<Filter>) -> Result<Self> {
        match (ids, filter) {
            (Some(ids), None) if ids.len() > MOST => {
                Err(Invalid::new("ids", format!("Name at most {MOST} jobs.")).into())
            }
            (Some(ids), None) => Ok(Self::Ids(ids)),
            (None, Some(filter)) => Ok(Self::Filter(filter)),
            _ => {
                Err(Invalid::new("ids", "Say either `ids` or `filter`; `{\"filter\":{}}` means all.").into())
            }
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JobsActed)]
pub struct Acted {
    /// Jobs that were meant.
    matched: usize,
    /// Jobs that were moved; the others had no need of it, or were none of the caller's.
    changed: usize,
    /// Whether the filter takes in more than one call moves: call again.
    more: bool,
}

/// Does it, in one transaction with its audit entry.
pub async fn act(cx: &Cx, action: Action, choice: Choice) -> Result<Acted> {
    let mut tx = cx.begin().await?;
    let (ids, more) = match choice {
        Choice::Ids(ids) => (ids, false),
        Choice::Filter(filter) => meant(cx, &mut tx, action, filter).await?,
    };
    let changed = apply(&mut tx, action, &ids).await?;
    let acted = Acted { matched: ids.len(), changed, more };
    if changed > 0 {
        let subject = match ids.as_slice() {
            [id] => id.to_string(),
            many => format!("{} jobs", many.len()),
        };
        let named: Vec<_> = ids.iter().take(20).collect();
        cx.audit(&mut tx, action.audited(), &subject, None, json!({ "changed": changed, "ids": named }))
            .await?;
    }
    tx.commit().await?;
    Ok(acted)
}

async fn meant(cx: &Cx, tx: &mut Tx, action: Action, filter: Filter) -> Result<(Vec<JobId>, bool)> {
    let mut filter = filter.check()?;
    let asked = filter.states.take();
    let fit = action.states().iter().filter(|state| asked.as_ref().is_none_or(|asked| asked.contains(state)));
    filter.states = Some(fit.copied().collect());
    let found = board::list(tx, whose(cx)?, &filter, None, MOST as i64 + 1).await?;
    let more = found.len() > MOST;
    Ok((found.into_iter().take(MOST).map(|job| job.id).collect(), more))
}

async fn apply(tx: &mut Tx, action: Action, ids: &[JobId]) -> Result<usize> {
    let done = match action {
        Action::Retry => board::retry(tx, ids).await.map(|moved| moved.len()),
        Action::Cancel => cancel::many(tx, ids).await.map(|asked| asked.len()),
        Action::Discard => board::discard(tx, ids).await.map(|gone| gone.len()),
    };
    done.map_err(|error| match error {
        // The same work was asked for in the same moment.
        store::Error::Conflict(_) => {
            Error::conflict("job_active", "The same work was just enqueued anew. Look again and repeat.")
        }
        other => other.into(),
    })
}
