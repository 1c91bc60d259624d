//! The board, live: once a second what has changed, and nothing when nothing has.

use super::{Stats, stats, whose};
use crate::{Cx, Result, auth::recheck_access};
use ::jobs::board;
use domain::JobId;
use futures_util::{Stream, stream};
use serde::Serialize;
use std::{collections::HashMap, sync::Arc, time::Duration};
use utoipa::ToSchema;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// Most changed jobs that are named; a client that is told of more reads its list anew.
const NAMED: usize = 200;

/// What has changed since the event before.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = JobChanges)]
pub struct Changes {
    /// Jobs that changed; empty in the first event.
    changed: Vec<JobId>,
    /// Whether more have changed than are named.
    more: bool,
    /// The numbers now.
    #[schema(value_type = Stats)]
    stats: Arc<Stats>,
}

/// What was seen a second ago: each job's mark, and whether it ran.
type Seen = HashMap<JobId, (String, bool)>;

/// The numbers at once, then one event for each second in which something has changed, for as long as somebody
/// listens and may. An error is told and followed by another try.
pub fn follow(cx: &Cx) -> impl Stream<Item = Result<Changes>> + Send + 'static {
    stream::unfold((cx.clone(), None::<Seen>), |(cx, mut seen)| async move {
        loop {
            if seen.is_some() {
                tokio::time::sleep(EVERY).await;
            }
            match look(&cx, seen.as_ref()).await {
                Ok((now, Some(changes))) => return Some((Ok(changes), (cx, Some(now)))),
                Ok((now, None)) => seen = Some(now),
                Err(error) if error.is_refusal() => return None,
                Err(error) => return Some((Err(error), (cx, Some(seen.unwrap_or_default())))),
            }
        }
    })
}

async fn look(cx: &Cx, before: Option<&Seen>) -> Result<(Seen, Option<Changes>)> {
    recheck_access(cx).await?;
    let mut tx = cx.begin().await?;
    let now = board::changes(&mut tx, whose(cx)?, 1000).await?;
    drop(tx);
    let now: Seen = now.into_iter().map(|job| (job.id, (job.mark, job.running))).collect();
    let Some(before) = before else {
        return Ok((now, Some(Changes { changed: Vec::new(), more: false, stats: stats(cx).await? })));
    };
    let mut changed = changed(before, &now);
    if changed.is_empty() {
        return Ok((now, None));
    }
    let more = changed.len() > NAMED;
    changed.truncate(NAMED);
    Ok((now, Some(Changes { changed, more, stats: stats(cx).await? })))
}

/// The newest first. What ran and is not seen any more went back into the queue, or was discarded.
fn changed(before: &Seen, now: &Seen) -> Vec<JobId> {
    let moved = now.iter().filter(|(id, mark)| before.get(id) != Some(mark)).map(|(id, _)| *id);
    let put_back = before.iter().filter(|(id, (_, ran))| *ran && !now.contains_key(id)).map(|(id, _)| *id);
    let mut changed: Vec<JobId> = moved.chain(put_back).collect();
    changed.sort_unstable_by(|a, b| b.cmp(a));
    changed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn seen(jobs: &[(u64, &str, bool)]) -> Seen {
        jobs.iter().map(|(n, mark, running)| (id(*n), ((*mark).to_owned(), *running))).collect()
    }

    fn id(n: u64) -> JobId {
        JobId::from(uuid::Uuid::from_u64_pair(0, n))
    }

    #[test]
    fn what_differs_or_ran_and_is_gone_has_changed_and_nothing_else() {
        let before = seen(&[
            (1, "running/1", true),
            (2, "done/1", false),
            (3, "running/1", true),
            (4, "queued/0", false),
        ]);
        let now = seen(&[(1, "running/1", true), (4, "running/1", true), (5, "queued/0", false)]);
        assert_eq!(changed(&before, &now), [5, 4, 3].map(id));
        assert!(changed(&now, &now).is_empty());
    }
}
