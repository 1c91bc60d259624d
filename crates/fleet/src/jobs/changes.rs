//! Changes of the board: once a second what has changed, and nothing when nothing has.

use super::{Stats, owner_filter, stats};
use crate::{Cx, Result, access::recheck_access};
use ::jobs::board;
use domain::JobId;
use futures_util::{Stream, stream};
use serde::Serialize;
use std::{collections::HashMap, sync::Arc, time::Duration};
use utoipa::ToSchema;

/// How often changes are looked for.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Changed jobs that one event lists; a client that is told of more reads its list again.
const MAX_LISTED_JOBS: usize = 200;

/// What has changed since the event before.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = JobChanges)]
pub struct Changes {
    /// Jobs that changed; empty in the first event.
    changed: Vec<JobId>,
    /// Whether more have changed than are listed.
    more: bool,
    /// The numbers now.
    #[schema(value_type = Stats)]
    stats: Arc<Stats>,
}

/// What the poll before read: each job's fingerprint, and whether it ran.
type Snapshot = HashMap<JobId, (String, bool)>;

/// The numbers at once, then one event for each second in which something has changed, for as long as the listener stays
/// and may. An error is sent to the listener and followed by another try.
pub fn follow(cx: &Cx) -> impl Stream<Item = Result<Changes>> + Send + 'static {
    stream::unfold((cx.clone(), None::<Snapshot>), |(cx, mut last)| async move {
        loop {
            if last.is_some() {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
            match poll(&cx, last.as_ref()).await {
                Ok((now, Some(changes))) => return Some((Ok(changes), (cx, Some(now)))),
                Ok((now, None)) => last = Some(now),
                Err(error) if error.is_refusal() => return None,
                Err(error) => return Some((Err(error), (cx, Some(last.unwrap_or_default())))),
            }
        }
    })
}

async fn poll(cx: &Cx, before: Option<&Snapshot>) -> Result<(Snapshot, Option<Changes>)> {
    recheck_access(cx).await?;
    let mut tx = cx.begin().await?;
    let now = board::changes(&mut tx, owner_filter(cx)?, 1000).await?;
    drop(tx);
    let now: Snapshot = now.into_iter().map(|job| (job.id, (job.fingerprint, job.running))).collect();
    let Some(before) = before else {
        return Ok((now, Some(Changes { changed: Vec::new(), more: false, stats: stats(cx).await? })));
    };
    let mut changed = changed(before, &now);
    if changed.is_empty() {
        return Ok((now, None));
    }
    let more = changed.len() > MAX_LISTED_JOBS;
    changed.truncate(MAX_LISTED_JOBS);
    Ok((now, Some(Changes { changed, more, stats: stats(cx).await? })))
}

/// The newest first. A job that ran and is missing now went back into the queue, or was discarded.
fn changed(before: &Snapshot, now: &Snapshot) -> Vec<JobId> {
    let moved = now.iter().filter(|(id, state)| before.get(id) != Some(state)).map(|(id, _)| *id);
    let put_back = before.iter().filter(|(id, (_, ran))| *ran && !now.contains_key(id)).map(|(id, _)| *id);
    let mut changed: Vec<JobId> = moved.chain(put_back).collect();
    changed.sort_unstable_by(|a, b| b.cmp(a));
    changed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn snapshot(jobs: &[(u64, &str, bool)]) -> Snapshot {
        jobs.iter().map(|(n, mark, running)| (id(*n), ((*mark).to_owned(), *running))).collect()
    }

    fn id(n: u64) -> JobId {
        JobId::from(uuid::Uuid::from_u64_pair(0, n))
    }

    #[test]
    fn what_differs_or_ran_and_is_gone_has_changed_and_nothing_else() {
        let before = snapshot(&[
            (1, "running/1", true),
            (2, "done/1", false),
            (3, "running/1", true),
            (4, "queued/0", false),
        ]);
        let now = snapshot(&[(1, "running/1", true), (4, "running/1", true), (5, "queued/0", false)]);
        assert_eq!(changed(&before, &now), [5, 4, 3].map(id));
        assert!(changed(&now, &now).is_empty());
    }
}
