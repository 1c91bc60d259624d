//! `POST /api/conversations/ingest` and `/import`: conversations from elsewhere.

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
pub struct NewConversationEntry {
    /// Its id within the session. An entry with a known id is not added again.
    id: String,
    role: MessageRole,
    text: String,
    /// When it was written (RFC 3339). The current time if absent.
    at: Option<String>,
    tool_name: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewConversation {
    /// Chosen by the client. The same id is the same session.
    session_id: String,
    agent_id: Option<AgentId>,
    title: Option<String>,
    entries: Vec<NewConversationEntry>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversationIngested)]
pub struct IngestResponse {
    conversation_id: ConversationId,
    /// Number of new entries.
    added: usize,
    /// Number of entries that existed already.
    known: usize,
}

/// Adds entries of a session, each once.
#[utoipa::path(
    request_body = NewConversation,
    responses((status = 200, description = "Done", body = IngestResponse)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[post("/conversations/ingest", data = "<body>")]
pub async fn ingest(caller: Caller<Knowledge>, body: Body<NewConversation>) -> Reply<Json<IngestResponse>> {
    let NewConversation { session_id, agent_id, title, entries } = body.0;
    let entry = |entry: NewConversationEntry| {
        let NewConversationEntry { id, role, text, at, tool_name } = entry;
        let at = at.map(|at| invalid::timestamp("entries.at", &at)).transpose()?;
        Ok(NewEntry { id, role, text, at, tool: tool_name })
    };
    let entries = entries.into_iter().map(entry).collect::<Result<_, fleet::Error>>()?;
    let session = NewSession { id: session_id, agent: agent_id, title, entries };
    let added = conversations::ingest(&caller.cx, session).await?;
    Ok(Json(IngestResponse {
        conversation_id: added.conversation,
        added: added.added,
        known: added.existing,
    }))
}

/// A line that could not be read.
#[derive(Serialize, ToSchema)]
#[schema(as = SkippedLine)]
pub struct SkippedLineResponse {
    /// Counted from 1.
    line: usize,
    why: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ConversationsImported)]
pub struct ImportResponse {
    /// Number of sessions in the file.
    conversations: usize,
    added: usize,
    known: usize,
    skipped: Vec<SkippedLineResponse>,
}

/// Imports a session log of an older OpenClaw (JSONL, at most 16 MiB), each entry once.
#[utoipa::path(
    params(("agentId" = Option<AgentId>, Query, description = "The agent of the session")),
    request_body(content = String, content_type = "text/plain", description = "One JSON object per line"),
    responses((status = 200, description = "Done", body = ImportResponse)),
    security(("session" = []), ("token" = ["knowledge"]))
)]
#[post("/conversations/import?<agentId>", data = "<body>")]
#[allow(non_snake_case)] // As in the query.
pub async fn import(
    caller: Caller<Knowledge>,
    agentId: Option<&str>,
    body: Raw<16>,
) -> Reply<Json<ImportResponse>> {
    let Imported { conversations, added, existing, skipped } =
        conversations::import(&caller.cx, super::parse_agent_id(agentId)?, &body.0).await?;
    let skipped =
        skipped.into_iter().map(|Skipped { line, why }| SkippedLineResponse { line, why }).collect();
    Ok(Json(ImportResponse { conversations, added, known: existing, skipped }))
}
