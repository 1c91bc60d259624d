//! Adding messages, each one once, and forgetting them.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{AgentId, ChatId, ConversationId, MessageId, TurnId, UserId, conversation::MessageRole};
use uuid::Uuid;

/// A session to archive.
#[derive(Debug, Clone)]
pub struct Session<'a> {
    pub user: UserId,
    /// OpenClaw's key, or the id under which it is imported.
    pub key: &'a str,
    /// The agent that spoke in it.
    pub agent: Option<AgentId>,
    /// The chat it belongs to.
    pub chat: Option<ChatId>,
    /// An empty title changes nothing.
    pub title: &'a str,
}

/// A conversation that is locked for adding messages.
#[derive(Debug, Clone, Copy)]
pub struct OpenConversation {
    pub id: ConversationId,
    /// Its owner has forgotten what was written until then.
    pub forgotten_until: Option<DateTime<Utc>>,
}

impl OpenConversation {
    /// Whether the message was not forgotten.
    pub fn accepts(&self, message: &NewMessage) -> bool {
        self.forgotten_until.is_none_or(|until| message.at > until)
    }
}

/// The session's conversation, created (as `id`) when it is missing, and locked: others that add to the same session
/// wait for the end of this transaction.
pub async fn open(tx: &mut Tx, id: ConversationId, session: &Session<'_>) -> Result<OpenConversation> {
    Ok(sqlx::query_as!(
        OpenConversation,
        "insert into conversation_archive (id, user_id, agent_id, chat_id, session_key, title)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (user_id, session_key) do update set
             agent_id = coalesce(conversation_archive.agent_id, excluded.agent_id),
             chat_id = coalesce(conversation_archive.chat_id, excluded.chat_id),
             title = coalesce(nullif(excluded.title, ''), conversation_archive.title)
         returning id, forgotten_until",
        id.uuid(),
        session.user.uuid(),
        session.agent.map(AgentId::uuid),
        session.chat.map(ChatId::uuid),
        session.key,
        session.title,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A message to add.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// The id it gets unless its entry is known.
    pub id: MessageId,
    /// Its entry in the session.
    pub entry: String,
    pub role: MessageRole,
    pub tool: Option<String>,
    pub text: String,
    /// The turn it belongs to.
    pub turn: Option<TurnId>,
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// Stores those whose entry is not there yet, and answers with their ids. Of two with the same entry the first counts.
pub async fn add(
    tx: &mut Tx,
    user: UserId,
    conversation: ConversationId,
    messages: &[NewMessage],
) -> Result<Vec<MessageId>> {
    let ids: Vec<Uuid> = messages.iter().map(|message| message.id.uuid()).collect();
    let times: Vec<DateTime<Utc>> = messages.iter().map(|message| message.at).collect();
    let added = sqlx::query_scalar!(
        "insert into conversation_messages (id, conversation_id, user_id, entry_id, role, tool_name, text, turn_id, at)
         select m.id, $1, $2, m.entry_id, m.role, m.tool_name, m.text, m.turn_id, m.at
         from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::timestamptz[])
              with ordinality as m(id, entry_id, role, tool_name, text, turn_id, at, nth)
         order by m.nth
         on conflict (conversation_id, entry_id) do nothing
         returning id",
        conversation.uuid(),
        user.uuid(),
        &ids,
        messages.iter().map(|message| message.entry.as_str()).collect::<Vec<_>>() as _,
        messages.iter().map(|message| message.role.as_str()).collect::<Vec<_>>() as _,
        messages.iter().map(|message| message.tool.as_deref()).collect::<Vec<_>>() as _,
        messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>() as _,
        messages.iter().map(|message| message.turn.map(TurnId::uuid)).collect::<Vec<_>>() as _,
        &times,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(added.into_iter().map(MessageId::from).collect())
}

/// Counts a conversation's messages again, after some were added.
pub async fn recount(tx: &mut Tx, conversation: ConversationId) -> Result<()> {
    sqlx::query!(
        "update conversation_archive c set messages = m.count, started_at = m.first, last_at = m.last, updated_at = now()
         from (select count(*) as count, min(at) as first, max(at) as last
               from conversation_messages where conversation_id = $1) m
         where c.id = $1",
        conversation.uuid(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes the messages of these conversations. That they were forgotten, and until when, stays: what is still in the
/// agent's own history must not come back.
pub async fn forget(tx: &mut Tx, conversations: &[ConversationId]) -> Result<()> {
    let ids: Vec<Uuid> = conversations.iter().map(|id| id.uuid()).collect();
    sqlx::query!("delete from conversation_messages where conversation_id = any($1)", &ids)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "update conversation_archive set messages = 0, title = '', forgotten_until = clock_timestamp(), updated_at = now()
         where id = any($1)",
        &ids,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The conversations of a chat, one for each of its branches and agents.
pub async fn of_chat(tx: &mut Tx, chat: ChatId) -> Result<Vec<ConversationId>> {
    let ids = sqlx::query_scalar!("select id from conversation_archive where chat_id = $1", chat.uuid())
        .fetch_all(tx.conn())
        .await?;
    Ok(ids.into_iter().map(ConversationId::from).collect())
}
