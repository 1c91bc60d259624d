//! `/api/conversations`: the searchable archive of conversations.

pub mod ingest;
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
pub struct ConversationResponse {
    id: ConversationId,
    title: String,
    agent_id: Option<AgentId>,
    /// The chat; null for a conversation from elsewhere.
    chat_id: Option<ChatId>,
    /// OpenClaw's key of the session, or the id with which it was ingested.
    session_key: String,
    started_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    /// Number of messages.
    messages: i32,
}

impl From<Conversation> for ConversationResponse {
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
pub struct ConversationPage {
    items: Vec<ConversationResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The caller's conversations, the latest first.
#[utoipa::path(
    params(("agentId" = Option<AgentId>, Query, description = "With this agent")),
    responses((status = 200, description = "Done", body = ConversationPage)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[get("/conversations?<limit>&<cursor>&<agentId>")]
#[allow(non_snake_case)] // As in the query.
pub async fn list(
    caller: Caller<Knowledge>,
    limit: Option<u32>,
    cursor: Option<&str>,
    agentId: Option<&str>,
) -> Reply<Json<ConversationPage>> {
    let limit = page::limit(limit);
    let found =
        conversations::list(&caller.cx, parse_agent_id(agentId)?, page::parse_cursor(cursor)?, limit).await?;
    let next_cursor = page::next_cursor(&found, limit, |last| page::cursor(last.last_at, last.id));
    Ok(Json(ConversationPage {
        items: found.into_iter().map(ConversationResponse::from).collect(),
        next_cursor,
    }))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversationMessage)]
pub struct MessageResponse {
    id: MessageId,
    /// The id of its entry in the session.
    entry_id: String,
    role: MessageRole,
    /// Of a tool call: its arguments as JSON.
    text: String,
    /// The tool of a call or a result.
    tool_name: Option<String>,
    at: DateTime<Utc>,
    turn_id: Option<TurnId>,
}

impl From<Message> for MessageResponse {
    fn from(message: Message) -> Self {
        Self {
            role: message.role,
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
pub struct ConversationWithMessages {
    #[serde(flatten)]
    conversation: ConversationResponse,
    items: Vec<MessageResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A conversation with a page of its messages, the oldest first.
#[utoipa::path(
    responses((status = 200, description = "Done", body = ConversationWithMessages)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[get("/conversations/<id>?<limit>&<cursor>")]
pub async fn get(
    caller: Caller<Knowledge>,
    id: Id<ConversationId>,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Reply<Json<ConversationWithMessages>> {
    let limit = page::limit(limit);
    let (conversation, messages) =
        conversations::get(&caller.cx, id.0, page::parse_cursor(cursor)?, limit).await?;
    let next_cursor = page::next_cursor(&messages, limit, |last| page::cursor(last.at, last.position));
    let items = messages.into_iter().map(MessageResponse::from).collect();
    Ok(Json(ConversationWithMessages { conversation: conversation.into(), items, next_cursor }))
}

/// Deletes a conversation: its messages so far are neither shown nor found any more.
#[utoipa::path(
    responses((status = 204, description = "Done")),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[delete("/conversations/<id>")]
pub async fn remove(caller: Caller<Knowledge>, id: Id<ConversationId>) -> Reply<Status> {
    conversations::forget(&caller.cx, id.0).await?;
    Ok(Status::NoContent)
}

/// Reads `?agentId=`.
fn parse_agent_id(text: Option<&str>) -> fleet::Result<Option<AgentId>> {
    let invalid = |_| Invalid::new("agentId", "Use the id of an agent (agt_…).");
    Ok(text.map(|text| text.parse().map_err(invalid)).transpose()?)
}
