//! `POST /api/conversations/ingest` and `/import`: what was said elsewhere.

use crate::{
    body::{Body, Raw},
    guards::{Caller, Knowledge},
    problem::Reply,
};
use domain::{AgentId, ConversationId, conversation::MessageRole, invalid};
use fleet::conversations::{self, Imported, NewEntry, NewSession, Skipped};
use rocket::{post, serde::json::Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewConversationEntry)]
pub struct Entry {
    /// Its id within the session: the same id again is the same entry.
    id: String,
    role: MessageRole,
    text: String,
    /// When it was said (RFC 3339); now where it is missing.
    at: Option<String>,
    tool_name: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewConversation)]
pub struct Session {
    /// Its id, of the client's choice: the same id again is the same session.
    session_id: String,
    agent_id: Option<AgentId>,
    title: Option<String>,
    entries: Vec<Entry>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversationIngested)]
pub struct Ingested {
    conversation_id: ConversationId,
    /// How many entries are new.
    added: usize,
    /// How many were there already.
    known: usize,
}

/// Takes entries of a session in, each once.
#[utoipa::path(
    request_body = Session,
    responses((status = 200, description = "Done", body = Ingested)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[post("/conversations/ingest", data = "<body>")]
pub async fn ingest(caller: Caller<Knowledge>, body: Body<Session>) -> Reply<Json<Ingested>> {
    let Session { session_id, agent_id, title, entries } = body.0;
    let entry = |entry: Entry| {
        let Entry { id, role, text, at, tool_name } = entry;
        let at = at.map(|at| invalid::moment("entries.at", &at)).transpose()?;
        Ok(NewEntry { id, role, text, at, tool: tool_name })
    };
    let entries = entries.into_iter().map(entry).collect::<Result<_, fleet::Error>>()?;
    let session = NewSession { id: session_id, agent: agent_id, title, entries };
    let added = conversations::ingest(&caller.cx, session).await?;
    Ok(Json(Ingested { conversation_id: added.conversation, added: added.added, known: added.known }))
}

/// A line that could not be read.
#[derive(Serialize, ToSchema)]
#[schema(as = SkippedLine)]
pub struct ShownSkipped {
    /// Its number, from 1.
    line: usize,
    why: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ConversationsImported)]
pub struct ShownImported {
    /// How many sessions the file held.
    conversations: usize,
    added: usize,
    known: usize,
    skipped: Vec<ShownSkipped>,
}

/// Takes in a session log of an older OpenClaw (JSONL, at most 16 MiB), each entry once.
#[utoipa::path(
    params(("agentId" = Option<AgentId>, Query, description = "The agent that spoke in it")),
    request_body(content = String, content_type = "text/plain", description = "One JSON object a line"),
    responses((status = 200, description = "Done", body = ShownImported)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[post("/conversations/import?<agentId>", data = "<body>")]
#[allow(non_snake_case)] // As it stands in the address.
pub async fn import(
    caller: Caller<Knowledge>,
    agentId: Option<&str>,
    body: Raw<16>,
) -> Reply<Json<ShownImported>> {
    let Imported { conversations, added, known, skipped } =
        conversations::import(&caller.cx, super::agent(agentId)?, &body.0).await?;
    let skipped = skipped.into_iter().map(|Skipped { line, why }| ShownSkipped { line, why }).collect();
    Ok(Json(ShownImported { conversations, added, known, skipped }))
}
