//! `/api/chats/{id}/turns` and `/api/turns`: sends messages, and follows and stops their answers.

use super::chats::TurnResponse;
use crate::{
    body::Body,
    guards::{Caller, Chat, Id, LastEventId},
    problem::Reply,
    sse::Sse,
};
use domain::{AgentId, ChatId, TurnId};
use fleet::turns::{self, NewTurn, SequencedEvent};
use futures_util::StreamExt;
use rocket::{Shutdown, get, http::Status, post, response::stream::Event, serde::json::Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewTurn)]
pub struct NewTurnRequest {
    text: String,
    agent_id: Option<AgentId>,
    replaces: Option<TurnId>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TurnAccepted {
    turn_id: TurnId,
}

/// Accepts a message. Follow its answer at `/api/turns/{id}/events`.
#[utoipa::path(
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key sends the message only once")),
    request_body = NewTurnRequest,
    responses((status = 202, description = "Accepted: it continues in the background", body = TurnAccepted)),
    security(("session" = []), ("token" = ["chat"]))
)]
#[post("/chats/<id>/turns", data = "<body>")]
pub async fn create(
    caller: Caller<Chat>,
    id: Id<ChatId>,
    body: Body<NewTurnRequest>,
) -> Reply<(Status, Json<TurnAccepted>)> {
    let NewTurnRequest { text, agent_id, replaces } = body.0;
    let idempotency_key = caller.cx.origin.idempotency_key.clone();
    let new = NewTurn { text, agent: agent_id, replaces, idempotency_key };
    let turn_id = turns::create(&caller.cx, id.0, new).await?;
    Ok((Status::Accepted, Json(TurnAccepted { turn_id })))
}

/// One turn.
#[utoipa::path(
    responses((status = 200, description = "Done", body = TurnResponse)),
    security(("session" = []), ("token" = ["chat"]))
)]
#[get("/turns/<id>")]
pub async fn get(caller: Caller<Chat>, id: Id<TurnId>) -> Reply<Json<TurnResponse>> {
    Ok(Json(turns::get(&caller.cx, id.0).await?.into()))
}

/// The events of a turn after `Last-Event-ID`, up to the final one.
#[utoipa::path(
    params(("Last-Event-ID" = Option<String>, Header, description = "The last event that was received")),
    responses((status = 200, description = "The events `stage`, `waiting`, `delta`, `snapshot`, `tool` and `usage`, and at last `done` or `error`", body = turns::TurnEvent, content_type = "text/event-stream")),
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
    // A failed read ends the stream. The client resumes at its position.
    let events =
        events.take_while(|event| std::future::ready(event.is_ok())).filter_map(async |event| event.ok());
    Ok(Sse::new("turn", events.map(frame), shutdown))
}

fn frame(event: SequencedEvent) -> Event {
    let frame = Event::data(event.data.to_string()).event(event.kind);
    match event.seq {
        Some(seq) => frame.id(seq.to_string()),
        None => frame,
    }
}

/// Stops a turn. The partial answer is kept.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it continues in the background")),
    security(("session" = []), ("token" = ["chat"]))
)]
#[post("/turns/<id>/stop")]
pub async fn stop(caller: Caller<Chat>, id: Id<TurnId>) -> Reply<Status> {
    turns::stop(&caller.cx, id.0).await?;
    Ok(Status::Accepted)
}
