//! `/api/chats/{id}/turns` and `/api/turns`: ask, follow, stop.

use super::chats::ShownTurn;
use crate::{
    body::Body,
    guards::{Caller, Chat, Id, LastEventId},
    problem::Reply,
    sse::Sse,
};
use domain::{AgentId, ChatId, TurnId};
use fleet::turns::{self, NewTurn, Numbered};
use futures_util::StreamExt;
use rocket::{Shutdown, get, http::Status, post, response::stream::Event, serde::json::Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewTurn)]
pub struct Message {
    text: String,
    agent_id: Option<AgentId>,
    replaces: Option<TurnId>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TurnAccepted)]
pub struct Accepted {
    turn_id: TurnId,
}

/// Accepts a message; follow its answer at `/api/turns/{id}/events`.
#[utoipa::path(
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again is the same message")),
    request_body = Message,
    responses((status = 202, description = "Accepted: it goes on in the background", body = Accepted)),
    security(("session" = []), ("token" = ["chat"]))
)]
#[post("/chats/<id>/turns", data = "<body>")]
pub async fn create(
    caller: Caller<Chat>,
    id: Id<ChatId>,
    body: Body<Message>,
) -> Reply<(Status, Json<Accepted>)> {
    let Message { text, agent_id, replaces } = body.0;
    let idempotency_key = caller.cx.origin.idempotency_key.clone();
    let new = NewTurn { text, agent: agent_id, replaces, idempotency_key };
    let turn_id = turns::create(&caller.cx, id.0, new).await?;
    Ok((Status::Accepted, Json(Accepted { turn_id })))
}

/// One turn.
#[utoipa::path(
    responses((status = 200, description = "Done", body = ShownTurn)),
    security(("session" = []), ("token" = ["chat"]))
)]
#[get("/turns/<id>")]
pub async fn get(caller: Caller<Chat>, id: Id<TurnId>) -> Reply<Json<ShownTurn>> {
    Ok(Json(turns::get(&caller.cx, id.0).await?.into()))
}

/// Its events behind `Last-Event-ID`, until the terminal one.
#[utoipa::path(
    params(("Last-Event-ID" = Option<String>, Header, description = "Position to go on behind")),
    responses((status = 200, description = "Events `stage`, `waiting`, `delta`, `snapshot`, `tool`, `usage`, and at last `done` or `error`", body = turns::TurnEvent, content_type = "text/event-stream")),
    security(("session" = []), ("token" = ["chat"]))
)]
#[get("/turns/<id>/events")]
pub async fn events(
    caller: Caller<Chat>,
    id: Id<TurnId>,
    last: LastEventId,
    shutdown: Shutdown,
) -> Reply<Sse> {
    let after = last.0.and_then(|text| text.parse().ok()).unwrap_or(0);
    let events = turns::follow(&caller.cx, id.0, after).await?;
    // A read that fails ends the stream: the client resumes where it was.
    let events =
        events.take_while(|event| std::future::ready(event.is_ok())).filter_map(async |event| event.ok());
    Ok(Sse::new("turn", events.map(frame), shutdown))
}

fn frame(event: Numbered) -> Event {
    let frame = Event::data(event.data.to_string()).event(event.kind);
    match event.seq {
        Some(seq) => frame.id(seq.to_string()),
        None => frame,
    }
}

/// Stops it; what has arrived is kept.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it goes on in the background")),
    security(("session" = []), ("token" = ["chat"]))
)]
#[post("/turns/<id>/stop")]
pub async fn stop(caller: Caller<Chat>, id: Id<TurnId>) -> Reply<Status> {
    turns::stop(&caller.cx, id.0).await?;
    Ok(Status::Accepted)
}
