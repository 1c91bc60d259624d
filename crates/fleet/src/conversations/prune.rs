//! Deletes sessions that are not needed any more, because OpenClaw itself keeps every one for ever.
//!
//! These are the sessions of deleted chats, those of branches that another one replaced, and those of requests without a
//! chat, each of which makes its own. What belongs into the archive is there before its session is deleted. Nothing is
//! deleted while the container is in use, and no container is started or kept running for it.

use super::message::clamp_timestamp;
use crate::{Progress, Result, Services, gateways};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Actor, UserId};
use jobs::{ActsFor, Due, Options, kinds::PruneSessions};
use openclaw::{Gateway, GatewaySession, SessionKey, SessionOrigin};
use std::{collections::HashSet, time::Duration};
use store::{Tx, chats, containers, conversations::pending, idle};
use tokio::time::Instant;

/// How long the container must have been unused, and nothing must have happened in a request's session. Longer than the
/// time between two records of use while an answer is passed through.
const MIN_IDLE_TIME: Duration = Duration::from_secs(45);
/// Sessions that one job deletes at most. Deleting one takes OpenClaw about as long as an answer; the next job deletes
/// the rest.
const MAX_DELETIONS: usize = 200;
/// How long one job goes on deleting.
const TIME_LIMIT: Duration = Duration::from_secs(200);
/// After this many failures the container has other problems.
const MAX_FAILURES: usize = 3;
/// A session's time of change may be this far from now: only one that cannot be a time at all is not taken.
pub(super) const CLOCK_TOLERANCE: TimeDelta = TimeDelta::days(3650);

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PruneOutcome {
    /// This many sessions are deleted.
    Deleted(usize),
    /// The container was in use a moment ago: try again after this time.
    RecentlyUsed(Duration),
}

/// Whether the container can be asked now.
enum ContainerUse {
    Idle(Gateway),
    RecentlyUsed(Duration),
    /// It is asleep or at work. Whatever ends that enqueues another attempt.
    Unavailable,
}

/// Enqueues the deletion, as part of the transaction that leaves a session behind.
pub(crate) async fn enqueue(tx: &mut Tx, user: UserId) -> Result<()> {
    let options = Options { due: Due::In(MIN_IDLE_TIME), ..Options::default() };
    jobs::enqueue(tx, ActsFor::User(user), &PruneSessions { user_id: user }, options).await?;
    Ok(())
}

/// The same, if one of the listed sessions is obsolete.
pub(super) async fn enqueue_if_any(
    services: &Services,
    actor: Actor,
    user: UserId,
    listed: &[GatewaySession],
) -> Result<()> {
    let mut tx = services.store.begin(&actor).await?;
    if !obsolete(&mut tx, listed, services.clock.now()).await?.is_empty() {
        enqueue(&mut tx, user).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Deletes obsolete sessions for as long as the container is not in use.
pub async fn prune(services: &Services, job: &dyn Progress, user: UserId) -> Result<PruneOutcome> {
    let actor = Actor::on_behalf_of(user);
    let gateway = match container_use(services, actor, user).await? {
        ContainerUse::Idle(gateway) => gateway,
        ContainerUse::RecentlyUsed(wait) => return Ok(PruneOutcome::RecentlyUsed(wait)),
        ContainerUse::Unavailable => return Ok(PruneOutcome::Deleted(0)),
    };
    // Listed first: a session that begins after this is not touched.
    let listed = gateway.list_sessions().await?;
    let mut tx = services.store.begin(&actor).await?;
    let obsolete = obsolete(&mut tx, &listed, services.clock.now()).await?;
    drop(tx);
    job.phase("deleting").await;
    let until = Instant::now() + TIME_LIMIT;
    let (mut deleted, mut failed) = (0, 0);
    for session in obsolete.into_iter().take(MAX_DELETIONS) {
        let stop = failed == MAX_FAILURES || job.cancel().is_cancelled() || Instant::now() > until;
        if stop || !matches!(container_use(services, actor, user).await?, ContainerUse::Idle(_)) {
            break;
        }
        match gateway.delete_session(session).await {
            Ok(()) => deleted += 1,
            Err(error) => {
                failed += 1;
                tracing::debug!(cause = error.cause.code(), %user, "a session was not deleted");
            }
        }
    }
    Ok(PruneOutcome::Deleted(deleted))
}

async fn container_use(services: &Services, actor: Actor, user: UserId) -> Result<ContainerUse> {
    let mut tx = services.store.begin(&actor).await?;
    let Some(row) = containers::get_of(&mut tx, user).await? else { return Ok(ContainerUse::Unavailable) };
    let Some(idle_for) = idle::idle_time(&mut tx, row.id).await? else {
        return Ok(ContainerUse::Unavailable);
    };
    if idle_for < MIN_IDLE_TIME {
        return Ok(ContainerUse::RecentlyUsed(MIN_IDLE_TIME - idle_for));
    }
    let reached = gateways::reach(services, &mut tx, &row).await?;
    Ok(reached.map_or(ContainerUse::Unavailable, |reached| ContainerUse::Idle(reached.gateway)))
}

/// Those of the listed sessions that cannot be continued. A session that the agent itself began stays.
async fn obsolete<'a>(
    tx: &mut Tx,
    listed: &'a [GatewaySession],
    now: DateTime<Utc>,
) -> Result<Vec<&'a GatewaySession>> {
    let needed: HashSet<SessionKey> = chats::needed_branches(tx)
        .await?
        .into_iter()
        .map(|(chat, branch)| SessionKey::of_branch(chat, branch))
        .collect();
    let read_until = pending::read_until(tx).await?;
    let is_obsolete = |session: &&GatewaySession| match session.origin {
        SessionOrigin::Chat(key) => !needed.contains(&key),
        SessionOrigin::SingleRequest => {
            let updated = clamp_timestamp(session.updated_ms, now, CLOCK_TOLERANCE);
            let is_archived = read_until.get(session.key()).is_some_and(|until| *until >= updated);
            updated <= now - MIN_IDLE_TIME && is_archived
        }
        SessionOrigin::Other => false,
    };
    Ok(listed.iter().filter(is_obsolete).collect())
}
