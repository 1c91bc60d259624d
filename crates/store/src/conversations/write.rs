//! Taking in, once each, and forgetting.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{AgentId, ChatId, ConversationId, MessageId, TurnId, UserId, conversation::MessageRole};
use sqlx::FromRow;
use uuid::Uuid;

/// A session as it is named by whoever brings it.
#[derive(Debug, Clone)]
pub struct Session<'a> {
    /// Whose.
    pub user: UserId,
    /// OpenClaw's key, or the id under which it is brought.
    pub key: &'a str,
    /// The agent that spoke in it.
    pub agent: Option<AgentId>,
    /// The chat it was said in.
    pub chat: Option<ChatId>,
    /// A title; an empty one changes nothing.
    pub title: &'a str,
}

/// An open conversation.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct Opened {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: ConversationId,
    /// What was written until then its owner has forgotten.
    pub forgotten_until: Option<DateTime<Utc>>,
}

impl Opened {
    /// Whether this was not forgotten.
    pub fn wants(&self, message: &NewMessage) -> bool {
        self.forgotten_until.is_none_or(|until| message.at > until)
    }
}

/// The session's conversation, made (as `id`) when it is missing, and locked: whoever takes in the same session
/// waits for the end of this transaction.
pub async fn open(tx: &mut Tx, id: ConversationId, session: &Session<'_>) -> Result<Opened> {
    Ok(sqlx::query_as(
        "insert into conversation_archive (id, user_id, agent_id, chat_id, session_key, title)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (user_id, session_key) do update set
             agent_id = coalesce(conversation_archive.agent_id, excluded.agent_id),
             chat_id = coalesce(conversation_archive.chat_id, excluded.chat_id),
             title = coalesce(nullif(excluded.title, ''), conversation_archive.title)
         returning id, forgotten_until",
    )
    .bind(id.uuid())
    .bind(session.user.uuid())
    .bind(session.agent.map(AgentId::uuid))
    .bind(session.chat.map(ChatId::uuid))
    .bind(session.key)
    .bind(session.title)
    .fetch_one(tx.conn())
    .await?)
}

/// A message to take in.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// The id it gets unless its entry is known.
    pub id: MessageId,
    /// Its entry in the session.
    pub entry: String,
    /// Whose words.
    pub role: MessageRole,
    /// The tool.
    pub tool: Option<String>,
    /// The words.
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
    let column = |value: fn(&NewMessage) -> Uuid| messages.iter().map(value).collect::<Vec<_>>();
    let added: Vec<Uuid> = sqlx::query_scalar(
        "insert into conversation_messages (id, conversation_id, user_id, entry_id, role, tool_name, text, turn_id, at)
         select m.id, $1, $2, m.entry_id, m.role, m.tool_name, m.text, m.turn_id, m.at
         from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::timestamptz[])
              with ordinality as m(id, entry_id, role, tool_name, text, turn_id, at, nth)
         order by m.nth
         on conflict (conversation_id, entry_id) do nothing
         returning id",
    )
    .bind(conversation.uuid())
    .bind(user.uuid())
    .bind(column(|message| message.id.uuid()))
    .bind(messages.iter().map(|message| message.entry.as_str()).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| message.role.as_str()).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| message.tool.as_deref()).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| message.turn.map(TurnId::uuid)).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| message.at).collect::<Vec<_>>())
    .fetch_all(tx.conn())
    .await?;
    Ok(added.into_iter().map(MessageId::from).collect())
}

/// Counts anew, after something came in.
pub async fn recount(tx: &mut Tx, conversation: ConversationId) -> Result<()> {
    sqlx::query(
        "update conversation_archive c set messages = m.count, started_at = m.first, last_at = m.last, updated_at = now()
         from (select count(*) as count, min(at) as first, max(at) as last
               from conversation_messages where conversation_id = $1) m
         where c.id = $1",
    )
    .bind(conversation.uuid())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the words of these conversations away. That they were forgotten, and until when, stays: what is still in
/// the agent's own history must not come back.
pub async fn forget(tx: &mut Tx, conversations: &[ConversationId]) -> Result<()> {
    let ids: Vec<Uuid> = conversations.iter().map(|id| id.uuid()).collect();
    sqlx::query("delete from conversation_messages where conversation_id = any($1)")
        .bind(&ids)
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "update conversation_archive set messages = 0, title = '', forgotten_until = clock_timestamp(), updated_at = now()
         where id = any($1)",
    )
    .bind(&ids)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The conversations of a chat, one for each of its branches and agents.
pub async fn of_chat(tx: &mut Tx, chat: ChatId) -> Result<Vec<ConversationId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from conversation_archive where chat_id = $1")
        .bind(chat.uuid())
        .fetch_all(tx.conn())
        .await?;
    Ok(ids.into_iter().map(ConversationId::from).collect())
}
