//! The turns that have ended, with what their agent wrote down of them.
//!
//! OpenClaw's own history is the source: it has tool calls and their results. Mosaic knows question, answer and
//! tools of a turn too; that is taken where the history cannot be had. A turn is taken in whole and marked in one
//! transaction, so that it is there once, whatever is killed or repeated.

use super::{
    archive::{self, session},
    others,
    transcript::{self, SKEW, Words},
};
use crate::{Result, Services};
use domain::{Actor, AgentId, ConversationId, Person, Role, Slug, TurnId, UserId, lifecycle::Observed};
use openclaw::{Gateway, Item, SessionKey, transcript::entries};
use std::time::Duration;
use store::{
    chats, containers,
    conversations::{
        pending::{self, Pending},
        write::{self, NewMessage, Session},
    },
};

/// Entries a page, and pages read at most: what is older than that is taken from the turns.
pub(super) const PAGE: u16 = 100;
pub(super) const PAGES: usize = 20;
/// A stop is not held up for longer than this.
const BEFORE_STOP: Duration = Duration::from_secs(10);

/// What to do about a turn whose answer the agent has not written down, or cannot say now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// Leave it for the next time, which is soon.
    Wait,
    /// Take what Mosaic itself knows of it.
    TakeTheTurn,
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Nothing is left.
    All,
    /// Some of it is not written down yet.
    NotYet,
}

/// Takes in all turns of a user that have ended and are not in the archive, and what was said in other sessions.
pub async fn take_in(services: &Services, user: UserId, otherwise: Otherwise) -> Result<Taken> {
    let actor = Actor::User(Person { id: user, role: Role::User });
    let mut tx = services.store.begin(&actor).await?;
    let pending = pending::list(&mut tx).await?;
    let gateway = match containers::get_of(&mut tx, user).await? {
        Some(row) if row.observed() == Observed::Ready => {
            services.gateways.reach(services, &mut tx, &row).await?
        }
        // Nobody can be asked, and who knows when somebody can.
        _ => None,
    };
    drop(tx);
    let mut taken = Taken::All;
    for turns in by_session(pending) {
        let look = Look { services, actor, user, otherwise, turns };
        if look.take(gateway.as_ref().map(|reached| &reached.gateway)).await? == Taken::NotYet {
            taken = Taken::NotYet;
        }
    }
    if let Some(reached) = &gateway {
        others::take_in(services, actor, user, &reached.gateway).await?;
    }
    Ok(taken)
}

/// The same for the owner of a container that is about to be stopped; a stop goes on whatever comes of it.
pub async fn before_stop(services: &Services, user: UserId) {
    let taken = tokio::time::timeout(BEFORE_STOP, take_in(services, user, Otherwise::TakeTheTurn)).await;
    match taken {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(%error, %user, "not everything was taken in before a stop"),
        Err(_) => tracing::warn!(%user, "taking in before a stop took too long"),
    }
}

/// Asks for everybody's that was left out. Answers how many have something.
pub async fn sweep(services: &Services) -> Result<usize> {
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

/// The pending turns of one session; there is at least one.
struct Look<'a> {
    services: &'a Services,
    actor: Actor,
    user: UserId,
    otherwise: Otherwise,
    turns: Vec<Pending>,
}

impl Look<'_> {
    async fn take(&self, gateway: Option<&Gateway>) -> Result<Taken> {
        let items = match gateway {
            Some(gateway) => self.items(gateway).await?,
            None => Vec::new(),
        };
        let mut words = transcript::by_turn(&self.turns, entries(&items));
        let there = words.len();
        if gateway.is_some() && self.otherwise == Otherwise::Wait {
            words.retain(Words::is_whole);
        }
        let taken = if words.len() < there { Taken::NotYet } else { Taken::All };
        if !words.is_empty() {
            self.store(words).await?;
        }
        Ok(taken)
    }

    fn key(&self) -> Result<Option<(Slug, SessionKey)>> {
        let first = &self.turns[0];
        let Some(slug) = first.slug.clone() else { return Ok(None) };
        Ok(Some((Slug::try_from(slug)?, crate::turns::session_key(first.chat_id, first.branch))))
    }

    /// What the session has committed since the first of these turns was sent, oldest first.
    async fn items(&self, gateway: &Gateway) -> Result<Vec<Item>> {
        let Some((slug, key)) = self.key()? else { return Ok(Vec::new()) };
        let since = (self.turns[0].sent_at - SKEW).timestamp_millis();
        let (mut items, mut before) = (Vec::new(), None);
        for _ in 0..PAGES {
            let page = match gateway.history(&slug, key, PAGE, before).await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                Err(_) if self.otherwise == Otherwise::TakeTheTurn => break,
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

    async fn store(&self, words: Vec<Words<'_>>) -> Result<()> {
        let now = self.services.clock.now();
        let first = &self.turns[0];
        // The session of an agent that is gone has no key any more; its turns still have a place.
        let key = match self.key()? {
            Some((slug, key)) => key.of(&slug),
            None => format!("{}:{}", first.chat_id, first.branch),
        };
        let mut tx = self.services.store.begin(&self.actor).await?;
        if chats::get(&mut tx, first.chat_id).await?.is_none() {
            // Deleted meanwhile, and with it what was said.
            return Ok(());
        }
        let session = Session {
            agent: first.agent_id.map(AgentId::from),
            chat: Some(first.chat_id),
            ..session(self.user, &key)
        };
        let opened = write::open(&mut tx, ConversationId::new(now), &session).await?;
        let turns: Vec<TurnId> = words.iter().map(|words| words.turn.id).collect();
        let messages = words.into_iter().flat_map(|words| words.messages(now));
        let messages: Vec<NewMessage> = messages.filter(|message| opened.wants(message)).collect();
        archive::add(self.services, &mut tx, &session, opened, &messages).await?;
        pending::archived(&mut tx, &turns).await?;
        Ok(tx.commit().await?)
    }
}
