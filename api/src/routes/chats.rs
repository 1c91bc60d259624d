//! `/api/chats`.

use crate::{
    body::Body,
    guards::{Caller, Chat as ChatScope, Id},
    page,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::{AgentId, ChatId, TurnId, turn::TurnStatus};
use fleet::{
    chats::{self, Chat, Turn},
    containers,
    turns::{ErrorText, ToolCard, Usage},
};
use rocket::{delete, get, http::Status, patch, post, serde::json::Json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Chat)]
pub struct ChatResponse {
    id: ChatId,
    title: String,
    agent_id: Option<AgentId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Chat> for ChatResponse {
    fn from(chat: Chat) -> Self {
        Self {
            id: chat.id,
            title: chat.title,
            agent_id: chat.agent_id.map(AgentId::from),
            created_at: chat.created_at,
            updated_at: chat.updated_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Turn)]
pub struct TurnResponse {
    id: TurnId,
    chat_id: ChatId,
    seq: i32,
    agent_id: Option<AgentId>,
    question: String,
    answer: String,
    status: TurnStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ErrorText>)]
    error: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Usage>)]
    usage: Option<Value>,
    #[schema(value_type = Vec<ToolCard>)]
    tools: Value,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<Turn> for TurnResponse {
    fn from(turn: Turn) -> Self {
        Self {
            status: turn.status,
            id: turn.id,
            chat_id: turn.chat_id,
            seq: turn.seq,
            agent_id: turn.agent_id.map(AgentId::from),
            question: turn.question,
            answer: turn.answer,
            error: turn.error,
            usage: turn.usage,
            tools: turn.tools,
            created_at: turn.created_at,
            finished_at: turn.finished_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatPage {
    items: Vec<ChatResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The caller's chats, the latest first. A request from a browser prewarms the agent, if the settings say so.
#[utoipa::path(
    responses((status = 200, description = "Done", body = ChatPage)),
    security(("session" = []), ("token" = ["chat"]))
)]
#[get("/chats?<limit>&<cursor>")]
pub async fn list(
    caller: Caller<ChatScope>,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Reply<Json<ChatPage>> {
    let limit = page::limit(limit);
    let after = page::parse_cursor(cursor)?;
    let chats = chats::list(&caller.cx, after, limit).await?;
    if after.is_none() && caller.session.is_some() {
        containers::prewarm_for_chat_page(&caller.cx).await;
    }
    let next_cursor = page::next_cursor(&chats, limit, |last| page::cursor(last.updated_at, last.id));
    Ok(Json(ChatPage { items: chats.into_iter().map(ChatResponse::from).collect(), next_cursor }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChat {
    title: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ChatCreated {
    id: ChatId,
}

/// Starts a chat.
#[utoipa::path(
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key creates the chat only once")),
    request_body = NewChat,
    responses((status = 201, description = "Created", body = ChatCreated)),
    security(("session" = []), ("token" = ["chat"]))
)]
#[post("/chats", data = "<body>")]
pub async fn create(caller: Caller<ChatScope>, body: Body<NewChat>) -> Reply<(Status, Json<ChatCreated>)> {
    let id = chats::create(&caller.cx, body.0.title.as_deref()).await?;
    Ok((Status::Created, Json(ChatCreated { id })))
}

#[derive(Serialize, ToSchema)]
pub struct ChatWithTurns {
    #[serde(flatten)]
    chat: ChatResponse,
    turns: Vec<TurnResponse>,
}

/// A chat with its turns. A request from a browser prewarms the agent, if the settings say so.
#[utoipa::path(
    responses((status = 200, description = "Done", body = ChatWithTurns)),
    security(("session" = []), ("token" = ["chat"]))
)]
#[get("/chats/<id>")]
pub async fn get(caller: Caller<ChatScope>, id: Id<ChatId>) -> Reply<Json<ChatWithTurns>> {
    let (chat, turns) = chats::get(&caller.cx, id.0).await?;
    if caller.session.is_some() {
        containers::prewarm_for_chat_page(&caller.cx).await;
    }
    Ok(Json(ChatWithTurns { chat: chat.into(), turns: turns.into_iter().map(TurnResponse::from).collect() }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatChanges {
    title: String,
}

/// Renames a chat.
#[utoipa::path(
    request_body = ChatChanges,
    responses((status = 204, description = "Done")),
    security(("session" = []), ("token" = ["chat"]))
)]
#[patch("/chats/<id>", data = "<body>")]
pub async fn rename(caller: Caller<ChatScope>, id: Id<ChatId>, body: Body<ChatChanges>) -> Reply<Status> {
    chats::rename(&caller.cx, id.0, &body.0.title).await?;
    Ok(Status::NoContent)
}

/// Deletes a chat.
#[utoipa::path(
    responses((status = 204, description = "Done")),
    security(("session" = []), ("token" = ["chat"]))
)]
#[delete("/chats/<id>")]
pub async fn remove(caller: Caller<ChatScope>, id: Id<ChatId>) -> Reply<Status> {
    chats::delete(&caller.cx, id.0).await?;
    Ok(Status::NoContent)
}
