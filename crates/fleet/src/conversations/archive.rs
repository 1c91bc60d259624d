//! The one place where messages are added and removed, together with the chunks that a search finds them by.

use crate::{Result, Services, knowledge};
use domain::{
    AgentId, ConversationId, MessageId, UserId,
    knowledge::{Kind, chunks},
};
use std::collections::HashSet;
use store::{
    Tx,
    conversations::write::{self, NewMessage, OpenConversation, Session},
    knowledge::NewChunk,
};

/// What became of messages that were handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Added {
    /// Where they are.
    pub conversation: ConversationId,
    /// How many are new.
    pub added: usize,
    /// How many were there already.
    pub existing: usize,
}

/// Adds the messages that are not there yet to an open conversation. A search finds them from the commit on.
pub(super) async fn add(
    services: &Services,
    tx: &mut Tx,
    session: &Session<'_>,
    opened: OpenConversation,
    messages: &[NewMessage],
) -> Result<Added> {
    let added = write::add(tx, session.user, opened.id, messages).await?;
    if !added.is_empty() {
        write::recount(tx, opened.id).await?;
        let new: HashSet<MessageId> = added.iter().copied().collect();
        let new = messages.iter().filter(|message| new.contains(&message.id));
        let chunks: Vec<NewChunk<'_>> =
            new.flat_map(|message| message_chunks(session, opened.id, message)).collect();
        let language = knowledge::language(services);
        store::knowledge::add(tx, session.user, Kind::Message, &language, &chunks).await?;
        knowledge::enqueue_embed(tx, session.user).await?;
    }
    Ok(Added { conversation: opened.id, added: added.len(), existing: messages.len() - added.len() })
}

/// What a message is found by.
fn message_chunks<'a>(
    session: &Session<'_>,
    conversation: ConversationId,
    message: &'a NewMessage,
) -> Vec<NewChunk<'a>> {
    let chunk = |(ordinal, text): (usize, &'a str)| NewChunk {
        parent_id: message.id.uuid(),
        ordinal: i16::try_from(ordinal).unwrap_or(i16::MAX),
        conversation_id: Some(conversation.uuid()),
        agent_id: session.agent.map(AgentId::uuid),
        role: Some(message.role.as_str()),
        tags: &[],
        at: message.at,
        expires_at: None,
        text,
    };
    chunks(&message.text).into_iter().enumerate().map(chunk).collect()
}

/// Removes the messages of these conversations, and their chunks.
pub(super) async fn forget(tx: &mut Tx, user: UserId, conversations: &[ConversationId]) -> store::Result<()> {
    for conversation in conversations {
        store::knowledge::remove_conversation(tx, user, conversation.uuid()).await?;
    }
    write::forget(tx, conversations).await
}

/// A session of which only the key is known.
pub(super) const fn session(user: UserId, key: &str) -> Session<'_> {
    Session { user, key, agent: None, chat: None, title: "" }
}
