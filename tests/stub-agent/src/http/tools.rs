//! `POST /tools/invoke`: the two tools with which sessions are listed and deleted, for an agent that has them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Operator;
use super::refusal::Refusal;
use crate::gateway::Gateway;

const PAGE_SIZE: usize = 200;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    tool: String,
    agent_id: String,
    #[serde(default)]
    args: Args,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Args {
    action: Option<String>,
    session_key: Option<String>,
    expected_session_id: Option<String>,
    limit: Option<usize>,
    offset: usize,
    archived: bool,
}

/// The handler.
pub async fn handle(
    _: Operator,
    State(gateway): State<Arc<Gateway>>,
    Json(call): Json<Call>,
) -> Result<Json<Value>, Refusal> {
    let config = gateway.config();
    let has = config.tools.get(&call.agent_id).is_some_and(|tools| tools.contains(&call.tool));
    let details = match (call.tool.as_str(), call.args.action.as_deref()) {
        ("sessions_list", _) if has => list(&gateway, &call.args)?,
        ("sessions", Some("delete")) if has => delete(&gateway, &call.args)?,
        ("sessions", _) if has => return Err(Refusal::Tool),
        _ => return Err(Refusal::NoTool(call.tool)),
    };
    let content = [json!({"type": "text", "text": details.to_string()})];
    Ok(Json(json!({"ok": true, "result": {"content": content, "details": details}})))
}

/// The newest first. No session is ever archived.
fn list(gateway: &Gateway, args: &Args) -> Result<Value, Refusal> {
    let mut all = gateway.sessions().list().map_err(|_| Refusal::Tool)?;
    all.retain(|_| !args.archived);
    all.sort_by_key(|session| std::cmp::Reverse(session.updated_ms));
    let until = args.offset + args.limit.unwrap_or(PAGE_SIZE).min(PAGE_SIZE);
    let has_more = until < all.len();
    let rows = all.iter().take(until).skip(args.offset).map(|session| {
        let agent = session.key.split(':').nth(1);
        json!({
            "key": session.key, "sessionId": session.id, "agentId": agent, "archived": false, "status": "done",
            "updatedAt": session.updated_ms,
        })
    });
    let rows: Vec<Value> = rows.collect();
    let mut page = json!({"count": rows.len(), "sessions": rows, "hasMore": has_more});
    if has_more {
        page["nextOffset"] = json!(until);
    }
    Ok(page)
}

/// Only the session with this id, because the key may have a new session by now.
fn delete(gateway: &Gateway, args: &Args) -> Result<Value, Refusal> {
    let (Some(key), Some(id)) = (&args.session_key, &args.expected_session_id) else {
        return Err(Refusal::invalid("Session lifecycle action requires a durable session identity"));
    };
    match gateway.sessions().delete(key, id) {
        Ok(true) => Ok(json!({"ok": true, "key": key, "deleted": true, "archived": []})),
        Ok(false) | Err(_) => Err(Refusal::Tool),
    }
}
