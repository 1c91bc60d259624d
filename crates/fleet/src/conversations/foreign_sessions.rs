//! Archives sessions that no chat of Mosaic began: those of programs that name no chat, and those that an agent began.
//!
//! Mosaic knows of them only what OpenClaw reports, so each one is read as a whole after something happened in it.

use super::{
    archive::{self, session},
    message::{HISTORY_PAGE_SIZE, MAX_HISTORY_PAGES, clamp_timestamp, from_entry, title},
    prune,
};
use crate::{Result, Services};
use chrono::{DateTime, Utc};
use domain::{Actor, ConversationId, UserId};
use openclaw::{
    Gateway, SessionOrigin,
    transcript::{TranscriptEntry, entries},
};
use store::{
    agents,
    conversations::{
        pending,
        write::{self, NewMessage, Session},
    },
};

/// OpenClaw puts this before a program's newest message when it folds the earlier messages into the same text.
const NEWEST_MESSAGE_MARKER: &str = "[Current message - respond to this]\n";

/// Archives what happened in these sessions since they were last read. Enqueues the deletion of sessions that are not
/// needed any more.
pub(super) async fn archive(
    services: &Services,
    actor: Actor,
    user: UserId,
    gateway: &Gateway,
) -> Result<()> {
    let listed = match gateway.list_sessions().await {
        Ok(listed) => listed,
        Err(error) => {
            // The next attempt finds them as well.
            tracing::debug!(cause = error.cause.code(), %user, "sessions could not be listed");
            return Ok(());
        }
    };
    let read_until = pending::read_until(&mut services.store.begin(&actor).await?).await?;
    let foreign = listed.iter().filter(|listed| !matches!(listed.origin, SessionOrigin::Chat(_)));
    for foreign in foreign {
        let updated = clamp_timestamp(foreign.updated_ms, services.clock.now(), prune::CLOCK_TOLERANCE);
        if read_until.get(foreign.key()).is_none_or(|until| updated > *until) {
            archive_session(services, actor, user, gateway, foreign, updated).await?;
        }
    }
    prune::enqueue_if_any(services, actor, user, &listed).await
}

async fn archive_session(
    services: &Services,
    actor: Actor,
    user: UserId,
    gateway: &Gateway,
    foreign: &openclaw::GatewaySession,
    updated: DateTime<Utc>,
) -> Result<()> {
    // A session that was deleted in the meantime has nothing to read.
    let Some(entries) = read_entries(gateway, foreign).await? else { return Ok(()) };
    let now = services.clock.now();
    let messages: Vec<NewMessage> = entries.into_iter().map(|entry| message(entry, now)).collect();
    let mut tx = services.store.begin(&actor).await?;
    let agent = agents::by_slug(&mut tx, foreign.agent.as_str()).await?.map(|agent| agent.id);
    let title = title(&messages);
    let session = Session { agent, title: &title, ..session(user, foreign.key()) };
    let opened = write::open(&mut tx, ConversationId::new(now), &session).await?;
    let messages: Vec<NewMessage> = messages.into_iter().filter(|message| opened.accepts(message)).collect();
    archive::add(services, &mut tx, &session, opened, &messages).await?;
    pending::set_read_until(&mut tx, opened.id, updated).await?;
    Ok(tx.commit().await?)
}

/// The newest [`MAX_HISTORY_PAGES`] pages, oldest entry first; `None` if the session does not exist.
async fn read_entries(
    gateway: &Gateway,
    foreign: &openclaw::GatewaySession,
) -> Result<Option<Vec<TranscriptEntry>>> {
    let (mut items, mut before) = (Vec::new(), None);
    for _ in 0..MAX_HISTORY_PAGES {
        let Some(page) = gateway.read_session_history(foreign, HISTORY_PAGE_SIZE, before).await? else {
            return Ok(None);
        };
        items.splice(0..0, page.items);
        before = page.older;
        if before.is_none() {
            break;
        }
    }
    Ok(Some(entries(&items)))
}

fn message(entry: TranscriptEntry, now: DateTime<Utc>) -> NewMessage {
    let at = clamp_timestamp(entry.at_ms, now, prune::CLOCK_TOLERANCE);
    let text = newest_message(&entry.text).to_owned();
    from_entry(TranscriptEntry { text, ..entry }, at, now)
}

fn newest_message(text: &str) -> &str {
    text.rsplit_once(NEWEST_MESSAGE_MARKER).map_or(text, |(_, newest)| newest)
}
