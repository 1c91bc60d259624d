//! The end of sessions that nobody can go on with: OpenClaw keeps every one for ever.
//!
//! Such are those of deleted chats, those of branches that another one replaced, and those of requests without a chat,
//! each of which makes its own. What has to be in the archive is there before its session goes. Nothing is deleted while
//! anybody uses the container, and none is started or kept awake for it.

use super::others::moment;
use crate::{Progress, Result, Services, turns::session_key};
use chrono::{DateTime, Utc};
use domain::{Actor, Person, Role, UserId};
use jobs::{ActsFor, Due, Options, kinds::PruneSessions};
use openclaw::{Begun, Gateway, Session, SessionKey};
use std::{collections::HashSet, time::Duration};
use store::{Tx, chats, containers, conversations::pending, idle};
use tokio::time::Instant;

/// So long nobody has used the container, and nothing has happened in a request's session. Longer than an answer that is
/// passed through leaves between two notes of its use.
const QUIET: Duration = Duration::from_secs(45);
/// Each takes OpenClaw about as long as an answer; what is left is asked for again.
const MOST: usize = 200;
const LONGEST: Duration = Duration::from_secs(200);
/// A container that fails more often has other troubles.
const MOST_FAILURES: usize = 3;

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pruned {
    /// So many are deleted.
    Deleted(usize),
    /// Somebody used the container a moment ago: it is worth another look after this time.
    UsedAMomentAgo(Duration),
}

/// Whether the container can be asked now.
enum Standing {
    Unused(Gateway),
    UsedAMomentAgo(Duration),
    /// It is asleep, or at work: whatever ends that asks for another look.
    Away,
}

/// Asks for it, as part of the transaction that leaves a session behind.
pub(crate) async fn ask(tx: &mut Tx, user: UserId) -> Result<()> {
    let options = Options { due: Due::In(QUIET), ..Options::default() };
    jobs::enqueue(tx, ActsFor::User(user), &PruneSessions { user_id: user }, options).await?;
    Ok(())
}

/// The same where one of these, which were listed before, can go.
pub(super) async fn ask_if_any(
    services: &Services,
    actor: Actor,
    user: UserId,
    listed: &[Session],
) -> Result<()> {
    let mut tx = services.store.begin(&actor).await?;
    if !unneeded(&mut tx, listed, services.clock.now()).await?.is_empty() {
        ask(&mut tx, user).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Deletes them, as long as nobody uses the container.
pub async fn prune(services: &Services, job: &dyn Progress, user: UserId) -> Result<Pruned> {
    let actor = Actor::User(Person { id: user, role: Role::User });
    let gateway = match standing(services, actor, user).await? {
        Standing::Unused(gateway) => gateway,
        Standing::UsedAMomentAgo(wait) => return Ok(Pruned::UsedAMomentAgo(wait)),
        Standing::Away => return Ok(Pruned::Deleted(0)),
    };
    // Listed first: what begins from here on is not touched.
    let listed = gateway.sessions().await?;
    let mut tx = services.store.begin(&actor).await?;
    let unneeded = unneeded(&mut tx, &listed, services.clock.now()).await?;
    drop(tx);
    job.phase("deleting").await;
    let until = Instant::now() + LONGEST;
    let (mut deleted, mut failed) = (0, 0);
    for session in unneeded.into_iter().take(MOST) {
        let stop = failed == MOST_FAILURES || job.cancel().is_cancelled() || Instant::now() > until;
        if stop || !matches!(standing(services, actor, user).await?, Standing::Unused(_)) {
            break;
        }
        match gateway.delete(session).await {
            Ok(()) => deleted += 1,
            Err(error) => {
                failed += 1;
                tracing::debug!(cause = error.cause.code(), %user, "a session was not deleted");
            }
        }
    }
    Ok(Pruned::Deleted(deleted))
}

async fn standing(services: &Services, actor: Actor, user: UserId) -> Result<Standing> {
    let mut tx = services.store.begin(&actor).await?;
    let Some(row) = containers::get_of(&mut tx, user).await? else { return Ok(Standing::Away) };
    let Some(quiet) = idle::quiet_for(&mut tx, row.id).await? else { return Ok(Standing::Away) };
    if quiet < QUIET {
        return Ok(Standing::UsedAMomentAgo(QUIET - quiet));
    }
    let reached = services.gateways.reach(services, &mut tx, &row).await?;
    Ok(reached.map_or(Standing::Away, |reached| Standing::Unused(reached.gateway)))
}

/// Those that nobody can go on with. A session that the agent itself began is his.
async fn unneeded<'a>(tx: &mut Tx, listed: &'a [Session], now: DateTime<Utc>) -> Result<Vec<&'a Session>> {
    let needed: HashSet<SessionKey> = chats::needed_branches(tx)
        .await?
        .into_iter()
        .map(|(chat, branch)| session_key(chat, branch))
        .collect();
    let read = pending::read_until(tx).await?;
    let is_unneeded = |session: &&Session| match session.begun {
        Begun::ByChat(key) => !needed.contains(&key),
        Begun::ByRequest => {
            let updated = moment(session.updated_ms, now);
            updated <= now - QUIET && read.get(session.key()).is_some_and(|until| *until >= updated)
        }
        Begun::Otherwise => false,
    };
    Ok(listed.iter().filter(is_unneeded).collect())
}
