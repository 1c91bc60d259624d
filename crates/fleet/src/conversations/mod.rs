//! Conversations: the messages of the agents' sessions, kept so that they can be found again.
//!
//! There are four ways in. [`archive_turns`] (a job) copies what OpenClaw has committed for the turns that ended,
//! [`import_legacy_logs`] reads the session logs that an older version left in the state volume, [`ingest`] takes entries
//! from programs, and [`import`] takes session logs as files. All of them end in `archive`, where each entry of a session
//! counts once. There are two ways out: page by page, and by [`search`].

mod archive;
mod archive_turns;
mod foreign_sessions;
mod import;
mod import_legacy_logs;
mod ingest;
mod message;
mod prune;
mod search;
mod transcript;
mod volume;

pub use archive::Added;
pub use archive_turns::{
    ArchiveOutcome, IncompleteTurns, archive_before_stop, archive_turns, enqueue_unarchived,
};
pub use import::{Imported, Skipped, import};
pub use import_legacy_logs::import_legacy_logs;
pub use ingest::{NewEntry, NewSession, ingest};
pub(crate) use message::title_of;
pub(crate) use prune::enqueue as enqueue_prune;
pub use prune::{PruneOutcome, prune};
pub use search::{MessageHit, MessageSearch, MessageSearchResults, search};
pub use store::conversations::{Conversation, Message};

use crate::{Cx, Error, Result};
use chrono::{DateTime, Utc};
use domain::{AgentId, ChatId, ConversationId, UserId};
use jobs::{ActsFor, Due, Options, kinds::IngestSessionLog};
use std::time::Duration;
use store::{
    Tx, agents,
    conversations::{read, write},
};

/// How long after a turn's end it is archived: turns that end together are read together.
const ARCHIVE_DELAY: Duration = Duration::from_secs(1);

/// Enqueues the archiving of a user's turns, as part of the transaction that ends a turn.
pub(crate) async fn enqueue(tx: &mut Tx, user: UserId) -> store::Result<()> {
    let options = Options { due: Due::In(ARCHIVE_DELAY), ..Options::default() };
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

/// Forgets a conversation. Its messages are not archived again, even while the agent's own history has them. Later
/// messages of the same session are.
pub async fn forget(cx: &Cx, id: ConversationId) -> Result<()> {
    let mut tx = cx.begin().await?;
    read::get(&mut tx, id).await?.ok_or(Error::NotFound("conversation"))?;
    archive::forget(&mut tx, cx.user()?, &[id]).await?;
    Ok(tx.commit().await?)
}

/// Forgets the conversations of a chat, as part of its deletion.
pub(crate) async fn forget_chat(tx: &mut Tx, user: UserId, chat: ChatId) -> Result<()> {
    let conversations = write::of_chat(tx, chat).await?;
    Ok(archive::forget(tx, user, &conversations).await?)
}

/// Fails if the acting user has no such agent.
async fn check_agent(tx: &mut Tx, agent: Option<AgentId>) -> Result<()> {
    let Some(agent) = agent else { return Ok(()) };
    agents::get(tx, agent).await?.map(|_| ()).ok_or(Error::NotFound("agent"))
}
