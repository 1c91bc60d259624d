//! `/api/internal/mcp`: the tools of `fleet::agent_tools`, by MCP over streamable HTTP.
//!
//! Owns the protocol: a JSON-RPC request, and one JSON response. The server is stateless: it has no sessions and no stream of
//! its own, and any replica can answer. See docs/adr/0020.

use crate::{
    body::Raw,
    guards::{AgentHeader, Client, GatewayToken, InternalOnly, McpVersion},
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

/// The newest first. The parts of the protocol that are used here are the same in all of them.
const SUPPORTED_REVISIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

// JSON-RPC's error codes.
const PARSE_ERROR: i32 = -32_700;
const INVALID_REQUEST: i32 = -32_600;
const METHOD_NOT_FOUND: i32 = -32_601;
const INVALID_PARAMS: i32 = -32_602;
const INTERNAL_ERROR: i32 = -32_603;

/// A message of the client: a request, a notification (without id) or a response (without method).
#[derive(Deserialize)]
struct Message {
    id: Option<Value>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
}

pub enum McpResponse {
    /// The message needs no response.
    Accepted,
    JsonRpc(Status, Value),
}

impl<'r> Responder<'r, 'static> for McpResponse {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let Self::JsonRpc(status, document) = self else {
            return Response::build().status(Status::Accepted).ok();
        };
        let body = document.to_string();
        Response::build()
            .status(status)
            .header(ContentType::JSON)
            .sized_body(body.len(), Cursor::new(body))
            .ok()
    }
}

/// Handles one message of an agent.
#[post("/mcp", data = "<body>")]
pub async fn message(
    _internal: InternalOnly,
    token: GatewayToken,
    services: &State<Arc<Services>>,
    agent: AgentHeader,
    revision: McpVersion,
    client: Client,
    body: Raw<1>,
) -> Reply<McpResponse> {
    let caller = agent_tools::authenticate(services, &token.0, agent.0.as_deref(), client.origin).await?;
    if let Some(other) = revision.0.filter(|revision| !SUPPORTED_REVISIONS.contains(&revision.as_str())) {
        let known = SUPPORTED_REVISIONS.join(", ");
        let detail = format!("MCP-Protocol-Version `{other}` is not supported. Use one of: {known}.");
        return Err(Problem::new(Status::BadRequest, "mcp_version", detail));
    }
    let Ok(message) = serde_json::from_slice::<Value>(&body.0) else {
        return Ok(invalid_request(Value::Null, PARSE_ERROR, "This is not JSON."));
    };
    let Ok(Message { id, method, params }) = serde_json::from_value(message) else {
        return Ok(invalid_request(Value::Null, INVALID_REQUEST, "Send one JSON-RPC message at a time."));
    };
    let (Some(id), Some(method)) = (id.filter(|id| id.is_string() || id.is_number()), method) else {
        return Ok(McpResponse::Accepted);
    };
    let document = match handle(&caller, &method, params).await {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err((code, message)) => error_json(&id, code, &message),
    };
    Ok(McpResponse::JsonRpc(Status::Ok, document))
}

fn invalid_request(id: Value, code: i32, message: &str) -> McpResponse {
    McpResponse::JsonRpc(Status::BadRequest, error_json(&id, code, message))
}

fn error_json(id: &Value, code: i32, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

async fn handle(caller: &Caller, method: &str, params: Value) -> Result<Value, (i32, String)> {
    match method {
        "initialize" => Ok(initialize(&params)),
        "ping" => Ok(json!({})),
        "tools/list" => {
            Ok(json!({ "tools": agent_tools::list().into_iter().map(tool_json).collect::<Vec<_>>() }))
        }
        "tools/call" => call(caller, params).await,
        other => Err((METHOD_NOT_FOUND, format!("There is no method `{other}`."))),
    }
}

/// Uses the requested revision if it is supported.
fn initialize(params: &Value) -> Value {
    let requested = params["protocolVersion"].as_str().unwrap_or_default();
    let revision =
        SUPPORTED_REVISIONS.into_iter().find(|known| *known == requested).unwrap_or(SUPPORTED_REVISIONS[0]);
    json!({
        "protocolVersion": revision,
        "capabilities": { "tools": { "listChanged": false } },
        "serverInfo": { "name": "mosaic", "title": "Mosaic", "version": env!("CARGO_PKG_VERSION") },
        "instructions": "The lasting knowledge of your user. Search it before you say that you do not know something, and \
                         save what is worth keeping.",
    })
}

fn tool_json(tool: Tool) -> Value {
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

/// An error of a tool is a result that the agent reads. Only an unknown tool is an error of the client.
async fn call(caller: &Caller, params: Value) -> Result<Value, (i32, String)> {
    let Some(tool) = params["name"].as_str() else {
        return Err((INVALID_PARAMS, "Name the tool.".into()));
    };
    let arguments = params.get("arguments").cloned().unwrap_or_else(|| json!({}));
    match agent_tools::call(caller, tool, arguments).await {
        Ok(result) => Ok(json!({
            "content": [{ "type": "text", "text": result.to_string() }],
            "structuredContent": result,
            "isError": false,
        })),
        Err(Error::NotFound("tool")) => Err((INVALID_PARAMS, format!("There is no tool `{tool}`."))),
        Err(Error::Internal(cause)) => {
            tracing::error!(%cause, tool, "a tool of an agent failed");
            Err((INTERNAL_ERROR, "Something went wrong on the server.".into()))
        }
        Err(invalid_request) => Ok(json!({
            "content": [{ "type": "text", "text": sentence(invalid_request) }],
            "isError": true,
        })),
    }
}

/// The error with the messages of all fields.
fn sentence(invalid_request: Error) -> String {
    match invalid_request {
        Error::Invalid(fields) => {
            let fields = fields.into_iter().map(|invalid| format!("{}: {}", invalid.field, invalid.message));
            fields.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// The server has no stream of its own.
#[get("/mcp")]
pub fn stream(_internal: InternalOnly, _token: GatewayToken) -> NotAllowed {
    NotAllowed
}

/// There are no sessions to end.
#[delete("/mcp")]
pub fn end_session(_internal: InternalOnly, _token: GatewayToken) -> NotAllowed {
    NotAllowed
}

/// `405`, as MCP requires.
pub struct NotAllowed;

impl<'r> Responder<'r, 'static> for NotAllowed {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Response::build().status(Status::MethodNotAllowed).header(Header::new("Allow", "POST")).ok()
    }
}
