//! `/api/chats`: conversations.

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
pub struct Shown {
    id: ChatId,
    title: String,
    agent_id: Option<AgentId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Chat> for Shown {
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

/// A turn as stored.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Turn)]
pub struct ShownTurn {
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

impl From<Turn> for ShownTurn {
    fn from(turn: Turn) -> Self {
        Self {
            status: turn.status(),
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
#[schema(as = ChatPage)]
pub struct Page {
    items: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The caller's chats, latest first. Read by a browser it starts the agent early, where the settings say so.
#[utoipa::path(
    responses((status = 200, description = "Done", body = Page)),
    security(("session" = []), ("token" = ["chat"]))
)]
#[get("/chats?<limit>&<cursor>")]
pub async fn list(caller: Caller<ChatScope>, limit: Option<u32>, cursor: Option<&str>) -> Reply<Json<Page>> {
    let limit = page::limit(limit);
    let after = page::parse(cursor)?;
    let chats = chats::list(&caller.cx, after, limit).await?;
    if after.is_none() && caller.session.is_some() {
        containers::page_opened(&caller.cx).await;
    }
    let next_cursor = page::next(&chats, limit, |last| page::cursor(last.updated_at, last.id));
    Ok(Json(Page { items: chats.into_iter().map(Shown::from).collect(), next_cursor }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChat {
    title: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChatCreated)]
pub struct Created {
    id: ChatId,
}

/// Starts a chat.
#[utoipa::path(
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again is the same chat")),
    request_body = NewChat,
    responses((status = 201, description = "Created", body = Created)),
    security(("session" = []), ("token" = ["chat"]))
)]
#[post("/chats", data = "<body>")]
pub async fn create(caller: Caller<ChatScope>, body: Body<NewChat>) -> Reply<(Status, Json<Created>)> {
    let id = chats::create(&caller.cx, body.0.title.as_deref()).await?;
    Ok((Status::Created, Json(Created { id })))
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChatWithTurns)]
pub struct WithTurns {
    #[serde(flatten)]
    chat: Shown,
    turns: Vec<ShownTurn>,
}

/// A chat with its turns. Read by a browser it starts the agent early, where the settings say so.
#[utoipa::path(
    responses((status = 200, description = "Done", body = WithTurns)),
    security(("session" = []), ("token" = ["chat"]))
)]
#[get("/chats/<id>")]
pub async fn get(caller: Caller<ChatScope>, id: Id<ChatId>) -> Reply<Json<WithTurns>> {
    let (chat, turns) = chats::get(&caller.cx, id.0).await?;
    if caller.session.is_some() {
        containers::page_opened(&caller.cx).await;
    }
    Ok(Json(WithTurns { chat: chat.into(), turns: turns.into_iter().map(ShownTurn::from).collect() }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChatChanges)]
pub struct Rename {
    title: String,
}

/// Renames a chat.
#[utoipa::path(
    request_body = Rename,
    responses((status = 204, description = "Done")),
    security(("session" = []), ("token" = ["chat"]))
)]
#[patch("/chats/<id>", data = "<body>")]
pub async fn rename(caller: Caller<ChatScope>, id: Id<ChatId>, body: Body<Rename>) -> Reply<Status> {
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
