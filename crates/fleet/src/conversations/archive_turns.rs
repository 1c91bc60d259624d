//! Archives the turns that have ended, with what their agent recorded of them.
//!
//! OpenClaw's own history is the source: it has tool calls and their results. Mosaic knows question, answer and tools of
//! a turn too; they are used where the history cannot be read. A turn is archived as a whole and marked in the same
//! transaction, so that it is there once, whatever is killed or repeated.

use super::{
    archive::{self, session},
    foreign_sessions,
    message::{HISTORY_PAGE_SIZE, MAX_HISTORY_PAGES},
    transcript::{self, MAX_CLOCK_SKEW, TurnEntries},
};
use crate::{Result, Services, gateways};
use domain::{Actor, AgentId, ConversationId, Slug, TurnId, UserId, lifecycle::Observed};
use openclaw::{Gateway, HistoryItem, SessionKey, transcript::entries};
use std::time::Duration;
use store::{
    chats, containers,
    conversations::{
        pending::{self, Pending},
        write::{self, NewMessage, Session},
    },
};

/// A stop waits no longer than this for the archive.
const BEFORE_STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What to do with a turn whose answer the agent has not recorded yet, or cannot tell now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncompleteTurns {
    /// Leave it for the next attempt, which is soon.
    Wait,
    /// Archive what Mosaic itself knows of it.
    UseStoredTurn,
}

/// What an attempt to archive came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveOutcome {
    /// Nothing is left.
    Complete,
    /// Some of it is not recorded yet.
    Incomplete,
}

/// Archives all turns of a user that have ended, and what happened in sessions that belong to no chat.
pub async fn archive_turns(
    services: &Services,
    user: UserId,
    incomplete: IncompleteTurns,
) -> Result<ArchiveOutcome> {
    let actor = Actor::on_behalf_of(user);
    let mut tx = services.store.begin(&actor).await?;
    let pending = pending::list(&mut tx).await?;
    let gateway = match containers::get_of(&mut tx, user).await? {
        Some(row) if row.observed == Observed::Ready => gateways::reach(services, &mut tx, &row).await?,
        // There is no gateway to ask, and it is not known when there will be one.
        _ => None,
    };
    drop(tx);
    let mut outcome = ArchiveOutcome::Complete;
    for turns in by_session(pending) {
        let archiver = SessionArchiver { services, actor, user, incomplete, turns };
        if archiver.run(gateway.as_ref().map(|reached| &reached.gateway)).await? == ArchiveOutcome::Incomplete
        {
            outcome = ArchiveOutcome::Incomplete;
        }
    }
    if let Some(reached) = &gateway {
        foreign_sessions::archive(services, actor, user, &reached.gateway).await?;
    }
    Ok(outcome)
}

/// The same for the owner of a container that is about to be stopped. Whatever happens, the stop goes on.
pub async fn archive_before_stop(services: &Services, user: UserId) {
    let archived = archive_turns(services, user, IncompleteTurns::UseStoredTurn);
    match tokio::time::timeout(BEFORE_STOP_TIMEOUT, archived).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(%error, %user, "not everything was archived before a stop"),
        Err(_) => tracing::warn!(%user, "archiving before a stop took too long"),
    }
}

/// Enqueues a job for each user with something that is not archived yet. Returns how many users these are.
pub async fn enqueue_unarchived(services: &Services) -> Result<usize> {
    let mut tx = services.store.system("turns that are not in the archive").await?;
    let owners = pending::owners(&mut tx).await?;
    for user in &owners {
        super::enqueue(&mut tx, *user).await?;
    }
    tx.commit().await?;
    Ok(owners.len())
}

/// One list for each session, each in the order of sending.
fn by_session(pending: Vec<Pending>) -> Vec<Vec<Pending>> {
    let of = |turn: &Pending| (turn.chat_id, turn.branch, turn.agent_id);
    let mut sessions: Vec<Vec<Pending>> = Vec::new();
    for turn in pending {
        match sessions.iter_mut().find(|turns| of(&turns[0]) == of(&turn)) {
            Some(turns) => turns.push(turn),
            None => sessions.push(vec![turn]),
        }
    }
    sessions
}

/// Archives the pending turns of one session; there is at least one.
struct SessionArchiver<'a> {
    services: &'a Services,
    actor: Actor,
    user: UserId,
    incomplete: IncompleteTurns,
    turns: Vec<Pending>,
}

impl SessionArchiver<'_> {
    async fn run(&self, gateway: Option<&Gateway>) -> Result<ArchiveOutcome> {
        let items = match gateway {
            Some(gateway) => self.history(gateway).await?,
            None => Vec::new(),
        };
        let mut turns = transcript::assign_to_turns(&self.turns, entries(&items));
        let pending = turns.len();
        if gateway.is_some() && self.incomplete == IncompleteTurns::Wait {
            turns.retain(TurnEntries::is_complete);
        }
        let is_complete = turns.len() == pending;
        if !turns.is_empty() {
            self.store(turns).await?;
        }
        Ok(if is_complete { ArchiveOutcome::Complete } else { ArchiveOutcome::Incomplete })
    }

    fn key(&self) -> Result<Option<(Slug, SessionKey)>> {
        let first = &self.turns[0];
        let Some(slug) = first.slug.clone() else { return Ok(None) };
        Ok(Some((Slug::try_from(slug)?, SessionKey::of_branch(first.chat_id, first.branch))))
    }

    /// What the session has committed since the first of these turns was sent, oldest first.
    async fn history(&self, gateway: &Gateway) -> Result<Vec<HistoryItem>> {
        let Some((slug, key)) = self.key()? else { return Ok(Vec::new()) };
        let since = (self.turns[0].sent_at - MAX_CLOCK_SKEW).timestamp_millis();
        let (mut items, mut before) = (Vec::new(), None);
        for _ in 0..MAX_HISTORY_PAGES {
            let page = match gateway.read_history(&slug, key, HISTORY_PAGE_SIZE, before).await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                Err(_) if self.incomplete == IncompleteTurns::UseStoredTurn => break,
                Err(error) => return Err(error.into()),
            };
            let all_newer = page.items.first().is_none_or(|item| item.at_ms >= since);
            items.splice(0..0, page.items.into_iter().filter(|item| item.at_ms >= since));
            before = page.older;
            if before.is_none() || !all_newer {
                break;
            }
        }
        Ok(items)
    }

    async fn store(&self, turns: Vec<TurnEntries<'_>>) -> Result<()> {
        let now = self.services.clock.now();
        let first = &self.turns[0];
        // The session of a deleted agent has no key any more, but its turns still need a conversation.
        let key = match self.key()? {
            Some((slug, key)) => key.for_agent(&slug),
            None => format!("{}:{}", first.chat_id, first.branch),
        };
        let mut tx = self.services.store.begin(&self.actor).await?;
        if chats::get(&mut tx, first.chat_id).await?.is_none() {
            // Deleted in the meantime, together with its messages.
            return Ok(());
        }
        let session = Session {
            agent: first.agent_id.map(AgentId::from),
            chat: Some(first.chat_id),
            ..session(self.user, &key)
        };
        let opened = write::open(&mut tx, ConversationId::new(now), &session).await?;
        let ids: Vec<TurnId> = turns.iter().map(|entries| entries.turn.id).collect();
        let messages = turns.into_iter().flat_map(|entries| entries.into_messages(now));
        let messages: Vec<NewMessage> = messages.filter(|message| opened.accepts(message)).collect();
        archive::add(self.services, &mut tx, &session, opened, &messages).await?;
        pending::mark_archived(&mut tx, &ids).await?;
        Ok(tx.commit().await?)
    }
}
