//! `/api/internal/mcp`: the tools of `fleet::agent_tools`, spoken as MCP over streamable HTTP.
//!
//! Owns the protocol: JSON-RPC in, one JSON answer out. The server keeps nothing between two requests, so it has no
//! sessions and no stream of its own, and any replica answers. See docs/adr/0020.

use crate::{
    body::Raw,
    guards::{AgentHeader, Authorization, Client, Inside, McpVersion},
    problem::{Problem, Reply},
};
use fleet::{
    Error, Services,
    agent_tools::{self, Caller, Effect, Tool},
};
use rocket::{
    Request, Response, State, delete, get,
    http::{ContentType, Header, Status},
    post,
    response::{self, Responder},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{io::Cursor, sync::Arc};

/// Revisions of the protocol that are spoken, the newest first. For what is offered here they are the same.
const REVISIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

/// JSON-RPC's codes.
const UNREADABLE: i32 = -32_700;
const NO_REQUEST: i32 = -32_600;
const NO_METHOD: i32 = -32_601;
const BAD_PARAMETERS: i32 = -32_602;
const FAULT: i32 = -32_603;

/// A message of the client: a request, a notification (no id) or an answer (no method).
#[derive(Deserialize)]
struct Message {
    id: Option<Value>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
}

/// What a message is answered.
pub enum Answered {
    /// It needs no answer.
    Taken,
    /// JSON-RPC.
    Said(Status, Value),
}

impl<'r> Responder<'r, 'static> for Answered {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let Self::Said(status, said) = self else { return Response::build().status(Status::Accepted).ok() };
        let body = said.to_string();
        Response::build()
            .status(status)
            .header(ContentType::JSON)
            .sized_body(body.len(), Cursor::new(body))
            .ok()
    }
}

/// One message of a container's agent.
#[post("/mcp", data = "<body>")]
pub async fn speak(
    _inside: Inside,
    services: &State<Arc<Services>>,
    token: Authorization,
    agent: AgentHeader,
    revision: McpVersion,
    client: Client,
    body: Raw<1>,
) -> Reply<Answered> {
    let token = super::bearer(&token)?;
    let caller = agent_tools::recognise(services, &token, agent.0.as_deref(), client.origin).await?;
    if let Some(other) = revision.0.filter(|revision| !REVISIONS.contains(&revision.as_str())) {
        let known = REVISIONS.join(", ");
        let detail = format!("MCP-Protocol-Version `{other}` is not spoken here. Use one of: {known}.");
        return Err(Problem::new(Status::BadRequest, "mcp_version", detail));
    }
    let Ok(message) = serde_json::from_slice::<Value>(&body.0) else {
        return Ok(refused(Value::Null, UNREADABLE, "This is not JSON."));
    };
    let Ok(Message { id, method, params }) = serde_json::from_value(message) else {
        return Ok(refused(Value::Null, NO_REQUEST, "Send one JSON-RPC message at a time."));
    };
    let (Some(id), Some(method)) = (id.filter(|id| id.is_string() || id.is_number()), method) else {
        return Ok(Answered::Taken);
    };
    let said = match answer(&caller, &method, params).await {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err((code, message)) => failure(&id, code, &message),
    };
    Ok(Answered::Said(Status::Ok, said))
}

fn refused(id: Value, code: i32, message: &str) -> Answered {
    Answered::Said(Status::BadRequest, failure(&id, code, message))
}

fn failure(id: &Value, code: i32, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

async fn answer(caller: &Caller, method: &str, params: Value) -> Result<Value, (i32, String)> {
    match method {
        "initialize" => Ok(welcome(&params)),
        "ping" => Ok(json!({})),
        "tools/list" => {
            Ok(json!({ "tools": agent_tools::list().into_iter().map(shown).collect::<Vec<_>>() }))
        }
        "tools/call" => call(caller, params).await,
        other => Err((NO_METHOD, format!("There is no method `{other}`."))),
    }
}

/// Speaks the revision that the client asked for, where it can.
fn welcome(params: &Value) -> Value {
    let asked = params["protocolVersion"].as_str().unwrap_or_default();
    let revision = REVISIONS.into_iter().find(|known| *known == asked).unwrap_or(REVISIONS[0]);
    json!({
        "protocolVersion": revision,
        "capabilities": { "tools": { "listChanged": false } },
        "serverInfo": { "name": "mosaic", "title": "Mosaic", "version": env!("CARGO_PKG_VERSION") },
        "instructions": "The lasting knowledge of your user: search it before you say that you do not know, and save \
                         what is worth keeping.",
    })
}

fn shown(tool: Tool) -> Value {
    json!({
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.arguments,
        "annotations": {
            "readOnlyHint": tool.effect == Effect::None,
            "destructiveHint": false,
            "openWorldHint": false,
        },
    })
}

/// A refusal is an answer for the agent to read; only a tool that is not there is the client's fault.
async fn call(caller: &Caller, params: Value) -> Result<Value, (i32, String)> {
    let Some(tool) = params["name"].as_str() else {
        return Err((BAD_PARAMETERS, "Name the tool.".into()));
    };
    let arguments = params.get("arguments").cloned().unwrap_or_else(|| json!({}));
    match agent_tools::call(caller, tool, arguments).await {
        Ok(result) => Ok(json!({
            "content": [{ "type": "text", "text": result.to_string() }],
            "structuredContent": result,
            "isError": false,
        })),
        Err(Error::NotFound("tool")) => Err((BAD_PARAMETERS, format!("There is no tool `{tool}`."))),
        Err(Error::Internal(cause)) => {
            tracing::error!(%cause, tool, "a tool of an agent");
            Err((FAULT, "Something went wrong on the server.".into()))
        }
        Err(refused) => Ok(json!({
            "content": [{ "type": "text", "text": sentence(refused) }],
            "isError": true,
        })),
    }
}

/// The refusal with everything that says what would do.
fn sentence(refused: Error) -> String {
    match refused {
        Error::Invalid(fields) => {
            let fields = fields.into_iter().map(|invalid| format!("{}: {}", invalid.field, invalid.message));
            fields.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// There is no stream of the server's own.
#[get("/mcp")]
pub fn listen(_inside: Inside) -> NotAllowed {
    NotAllowed
}

/// There are no sessions to end.
#[delete("/mcp")]
pub fn end(_inside: Inside) -> NotAllowed {
    NotAllowed
}

/// 405, as MCP wants it.
pub struct NotAllowed;

impl<'r> Responder<'r, 'static> for NotAllowed {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Response::build().status(Status::MethodNotAllowed).header(Header::new("Allow", "POST")).ok()
    }
}
