//! Sessions that no chat of Mosaic began: those of programs without a chat, and those that an agent began by himself.
//!
//! Nothing is known of them but what OpenClaw says, so each is read whole when something happened in it.

use super::{
    archive::{self, cut, session},
    prune,
    take_in::{PAGE, PAGES},
};
use crate::{Result, Services};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Actor, ConversationId, MessageId, UserId};
use openclaw::{
    Begun, Gateway,
    transcript::{Entry, entries},
};
use store::{
    agents,
    conversations::{
        pending,
        write::{self, NewMessage, Session},
    },
};

/// Stands before a program's newest message where OpenClaw folded the earlier ones in.
const NEWEST: &str = "[Current message - respond to this]\n";

/// Takes in what happened in them since they were last read, and asks for the end of sessions that nobody needs.
pub(super) async fn take_in(
    services: &Services,
    actor: Actor,
    user: UserId,
    gateway: &Gateway,
) -> Result<()> {
    let listed = match gateway.sessions().await {
        Ok(listed) => listed,
        Err(error) => {
            // The next look finds them as well.
            tracing::debug!(cause = error.cause.code(), %user, "sessions could not be listed");
            return Ok(());
        }
    };
    let read = pending::read_until(&mut services.store.begin(&actor).await?).await?;
    for other in listed.iter().filter(|session| !matches!(session.begun, Begun::ByChat(_))) {
        let updated = moment(other.updated_ms, services.clock.now());
        if read.get(other.key()).is_none_or(|until| updated > *until) {
            one(services, actor, user, gateway, other, updated).await?;
        }
    }
    prune::ask_if_any(services, actor, user, &listed).await
}

async fn one(
    services: &Services,
    actor: Actor,
    user: UserId,
    gateway: &Gateway,
    other: &openclaw::Session,
    updated: DateTime<Utc>,
) -> Result<()> {
    // Gone meanwhile: nothing of it was read.
    let Some(said) = said(gateway, other).await? else { return Ok(()) };
    let now = services.clock.now();
    let mut tx = services.store.begin(&actor).await?;
    let agent = agents::by_slug(&mut tx, other.agent.as_str()).await?.map(|agent| agent.id);
    let title = said.first().map(|entry| crate::turns::title(newest(&entry.text))).unwrap_or_default();
    let session = Session { agent, title: &title, ..session(user, other.key()) };
    let opened = write::open(&mut tx, ConversationId::new(now), &session).await?;
    let messages = said.into_iter().map(|entry| message(entry, now));
    let messages: Vec<NewMessage> = messages.filter(|message| opened.wants(message)).collect();
    archive::add(services, &mut tx, &session, opened, &messages).await?;
    pending::set_read_until(&mut tx, opened.id, updated).await?;
    Ok(tx.commit().await?)
}

/// All of it, oldest first, as far as it is read; `None` where it is not there.
async fn said(gateway: &Gateway, other: &openclaw::Session) -> Result<Option<Vec<Entry>>> {
    let (mut items, mut before) = (Vec::new(), None);
    for _ in 0..PAGES {
        let Some(page) = gateway.history_of(other, PAGE, before).await? else { return Ok(None) };
        items.splice(0..0, page.items);
        before = page.older;
        if before.is_none() {
            break;
        }
    }
    Ok(Some(entries(&items)))
}

fn message(entry: Entry, now: DateTime<Utc>) -> NewMessage {
    NewMessage {
        id: MessageId::new(now),
        entry: entry.id,
        role: entry.role,
        tool: entry.tool,
        text: cut(newest(&entry.text).to_owned()),
        turn: None,
        at: moment(entry.at_ms, now),
    }
}

/// A container's clock is not trusted to be one.
pub(super) fn moment(ms: i64, now: DateTime<Utc>) -> DateTime<Utc> {
    let likely = |at: &DateTime<Utc>| (now - *at).abs() < TimeDelta::days(3650);
    DateTime::from_timestamp_millis(ms).filter(likely).unwrap_or(now)
}

fn newest(text: &str) -> &str {
    text.rsplit_once(NEWEST).map_or(text, |(_, newest)| newest)
}
