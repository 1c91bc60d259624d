//! Conversations: what was said in the agents' sessions, kept so that it can be found again.
//!
//! Four ways in: [`take_in`] reads what OpenClaw has committed for the turns that ended (a job), [`take_in_old`] the
//! session logs that an older version left in the state volume, [`ingest`] takes entries from programs, [`import`] session
//! logs as files. All of them end in `archive`, where each entry of a session counts once. Two ways out: page by page, and by [`search`].

mod archive;
mod import;
mod ingest;
mod old_logs;
mod others;
mod prune;
mod search;
mod take_in;
mod transcript;
mod volume;

pub use archive::Added;
pub use import::{Imported, Skipped, import};
pub use ingest::{NewEntry, NewSession, ingest};
pub use old_logs::take_in_old;
pub(crate) use prune::ask as ask_for_pruning;
pub use prune::{Pruned, prune};
pub use search::{Found, Hit, Search, search};
pub use store::conversations::{Conversation, Message};
pub use take_in::{Otherwise, Taken, before_stop, sweep, take_in};

use crate::{Cx, Error, Result};
use chrono::{DateTime, Utc};
use domain::{AgentId, ChatId, ConversationId, UserId};
use jobs::{ActsFor, Due, Options, kinds::IngestSessionLog};
use std::time::Duration;
use store::{
    Tx, agents,
    conversations::{read, write},
};

/// So long after a turn's end its words are taken in: what ends together is read together.
const DEBOUNCE: Duration = Duration::from_secs(1);

/// Asks for what was said to be taken in, as part of the transaction that ends a turn.
pub(crate) async fn enqueue(tx: &mut Tx, user: UserId) -> store::Result<()> {
    let options = Options { due: Due::In(DEBOUNCE), ..Options::default() };
    jobs::enqueue(tx, ActsFor::User(user), &IngestSessionLog { user_id: user }, options).await?;
    Ok(())
}

/// One page of the acting user's conversations, the latest first.
pub async fn list(
    cx: &Cx,
    agent: Option<AgentId>,
    after: Option<(DateTime<Utc>, ConversationId)>,
    limit: u32,
) -> Result<Vec<Conversation>> {
    let mut tx = cx.begin().await?;
    Ok(read::list(&mut tx, agent, after, limit.into()).await?)
}

/// A conversation with one page of its messages, the oldest first.
pub async fn get(
    cx: &Cx,
    id: ConversationId,
    after: Option<(DateTime<Utc>, i64)>,
    limit: u32,
) -> Result<(Conversation, Vec<Message>)> {
    let mut tx = cx.begin().await?;
    let conversation = read::get(&mut tx, id).await?.ok_or(Error::NotFound("conversation"))?;
    let messages = read::messages(&mut tx, id, after, limit.into()).await?;
    Ok((conversation, messages))
}

/// Forgets a conversation. What its agent still remembers by itself is not taken in again; what is said from now on is.
pub async fn forget(cx: &Cx, id: ConversationId) -> Result<()> {
    let mut tx = cx.begin().await?;
    read::get(&mut tx, id).await?.ok_or(Error::NotFound("conversation"))?;
    archive::forget(&mut tx, cx.user()?, &[id]).await?;
    Ok(tx.commit().await?)
}

/// Forgets what was said in a chat, as part of its deletion.
pub(crate) async fn forget_chat(tx: &mut Tx, user: UserId, chat: ChatId) -> Result<()> {
    let conversations = write::of_chat(tx, chat).await?;
    Ok(archive::forget(tx, user, &conversations).await?)
}

/// Refuses an agent that the acting user does not have.
async fn check_agent(tx: &mut Tx, agent: Option<AgentId>) -> Result<()> {
    let Some(agent) = agent else { return Ok(()) };
    agents::get(tx, agent).await?.map(|_| ()).ok_or(Error::NotFound("agent"))
}
