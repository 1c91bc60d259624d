//! The one place where messages come in and go out, together with what a search finds them by.

use crate::{Result, Services, knowledge};
use domain::{
    AgentId, ConversationId, MessageId, UserId,
    conversation::MAX_MESSAGE,
    knowledge::{Kind, chunks},
};
use std::collections::HashSet;
use store::{
    Tx,
    conversations::write::{self, NewMessage, Opened, Session},
    knowledge::Piece,
};

/// What became of messages that were brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Added {
    /// Where they are.
    pub conversation: ConversationId,
    /// How many are new.
    pub added: usize,
    /// How many were there already.
    pub known: usize,
}

/// Adds what is not there yet to an open conversation, and has it found from the commit on.
pub(super) async fn add(
    services: &Services,
    tx: &mut Tx,
    session: &Session<'_>,
    opened: Opened,
    messages: &[NewMessage],
) -> Result<Added> {
    let added = write::add(tx, session.user, opened.id, messages).await?;
    if !added.is_empty() {
        write::recount(tx, opened.id).await?;
        let new: HashSet<MessageId> = added.iter().copied().collect();
        let new = messages.iter().filter(|message| new.contains(&message.id));
        let found_by: Vec<Piece<'_>> = new.flat_map(|message| of(session, opened.id, message)).collect();
        let language = knowledge::language(services);
        store::knowledge::add(tx, session.user, Kind::Message, &language, &found_by).await?;
        knowledge::enqueue_embed(tx, session.user).await?;
    }
    Ok(Added { conversation: opened.id, added: added.len(), known: messages.len() - added.len() })
}

/// What a message is found by.
fn of<'a>(session: &Session<'_>, conversation: ConversationId, message: &'a NewMessage) -> Vec<Piece<'a>> {
    let piece = |(ordinal, text): (usize, &'a str)| Piece {
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
    chunks(&message.text).into_iter().enumerate().map(piece).collect()
}

/// Takes the words away, and what they were found by.
pub(super) async fn forget(tx: &mut Tx, user: UserId, conversations: &[ConversationId]) -> store::Result<()> {
    for conversation in conversations {
        store::knowledge::remove_conversation(tx, user, conversation.uuid()).await?;
    }
    write::forget(tx, conversations).await
}

/// The text as it is kept: of a reasonable length.
pub(super) fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A session of which nothing but its name is known.
pub(super) const fn session(user: UserId, key: &str) -> Session<'_> {
    Session { user, key, agent: None, chat: None, title: "" }
}
