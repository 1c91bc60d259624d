//! `/api/conversations`: what was said, kept so that it can be found again.

pub mod bring;
pub mod search;

use crate::{
    guards::{Caller, Id, Knowledge},
    page,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::{AgentId, ChatId, ConversationId, Invalid, MessageId, TurnId, conversation::MessageRole};
use fleet::conversations::{self, Conversation, Message};
use rocket::{delete, get, http::Status, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Conversation)]
pub struct Shown {
    id: ConversationId,
    title: String,
    agent_id: Option<AgentId>,
    /// The chat it was said in; null = it came from elsewhere.
    chat_id: Option<ChatId>,
    /// OpenClaw's key of the session, or the id under which it was brought.
    session_key: String,
    started_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    /// How many messages there are.
    messages: i32,
}

impl From<Conversation> for Shown {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id,
            title: conversation.title,
            agent_id: conversation.agent_id.map(AgentId::from),
            chat_id: conversation.chat_id.map(ChatId::from),
            session_key: conversation.session_key,
            started_at: conversation.started_at,
            last_at: conversation.last_at,
            messages: conversation.messages,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversationPage)]
pub struct Page {
    items: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The caller's conversations, the latest first.
#[utoipa::path(
    params(("agentId" = Option<AgentId>, Query, description = "With this agent")),
    responses((status = 200, description = "Done", body = Page)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[get("/conversations?<limit>&<cursor>&<agentId>")]
#[allow(non_snake_case)] // As it stands in the address.
pub async fn list(
    caller: Caller<Knowledge>,
    limit: Option<u32>,
    cursor: Option<&str>,
    agentId: Option<&str>,
) -> Reply<Json<Page>> {
    let limit = page::limit(limit);
    let found = conversations::list(&caller.cx, agent(agentId)?, page::parse(cursor)?, limit).await?;
    let next_cursor = page::next(&found, limit, |last| page::cursor(last.last_at, last.id));
    Ok(Json(Page { items: found.into_iter().map(Shown::from).collect(), next_cursor }))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversationMessage)]
pub struct ShownMessage {
    id: MessageId,
    /// Its entry in the session.
    entry_id: String,
    role: MessageRole,
    /// The words; of a tool call its arguments as JSON.
    text: String,
    /// The tool that was called, or answered.
    tool_name: Option<String>,
    at: DateTime<Utc>,
    turn_id: Option<TurnId>,
}

impl From<Message> for ShownMessage {
    fn from(message: Message) -> Self {
        Self {
            role: message.role(),
            id: message.id,
            entry_id: message.entry_id,
            text: message.text,
            tool_name: message.tool_name,
            at: message.at,
            turn_id: message.turn_id.map(TurnId::from),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversationWithMessages)]
pub struct WithMessages {
    #[serde(flatten)]
    conversation: Shown,
    items: Vec<ShownMessage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A conversation with a page of its messages, the oldest first.
#[utoipa::path(
    responses((status = 200, description = "Done", body = WithMessages)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[get("/conversations/<id>?<limit>&<cursor>")]
pub async fn get(
    caller: Caller<Knowledge>,
    id: Id<ConversationId>,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Reply<Json<WithMessages>> {
    let limit = page::limit(limit);
    let (conversation, messages) = conversations::get(&caller.cx, id.0, page::parse(cursor)?, limit).await?;
    let next_cursor = page::next(&messages, limit, |last| page::cursor(last.at, last.position));
    let items = messages.into_iter().map(ShownMessage::from).collect();
    Ok(Json(WithMessages { conversation: conversation.into(), items, next_cursor }))
}

/// Forgets a conversation: what was said in it until now is neither shown nor found any more.
#[utoipa::path(
    responses((status = 204, description = "Done")),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[delete("/conversations/<id>")]
pub async fn remove(caller: Caller<Knowledge>, id: Id<ConversationId>) -> Reply<Status> {
    conversations::forget(&caller.cx, id.0).await?;
    Ok(Status::NoContent)
}

/// An agent in an address.
fn agent(text: Option<&str>) -> fleet::Result<Option<AgentId>> {
    let wrong = |_| Invalid::new("agentId", "Use the id of an agent (agt_…).");
    Ok(text.map(|text| text.parse().map_err(wrong)).transpose()?)
}
