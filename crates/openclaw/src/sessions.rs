//! The sessions of a gateway: list, read, delete.
//!
//! OpenClaw lists and deletes sessions only for agents, by tools. So the rendered configuration has one more agent, which
//! has these two tools only and no user chats with it. OpenClaw moves a deleted session into an archive of its own, which
//! the image empties after the gateway has ended (`deploy/agent/tidy/tidy.mjs`).

use crate::{
    errors::{Cause, UpstreamError},
    gateway::{Gateway, read_body, send_optional},
    history::{HistoryPage, MAX_PAGE_BYTES, read_page},
    render::SERVICE_AGENT,
    session_key::SessionKey,
};
use domain::Slug;
use serde::Deserialize;
use serde_json::{Value, json};

const PAGE_SIZE: u32 = 200;
/// The newest sessions come first.
const MAX_PAGES: u32 = 50;
const MAX_KEY_BYTES: usize = 200;

/// What a session was created for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionOrigin {
    /// A chat of Mosaic.
    Chat(SessionKey),
    /// A single request without a chat. No later request can continue it.
    SingleRequest,
    /// Created by the agent itself, or by a client that knows OpenClaw.
    Other,
}

/// A session as the gateway lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewaySession {
    key: String,
    id: String,
    /// The agent it belongs to.
    pub agent: Slug,
    /// What it was created for.
    pub origin: SessionOrigin,
    /// Its last change, in milliseconds since 1970, by the container's clock.
    pub updated_ms: i64,
}

impl GatewaySession {
    /// Its full key.
    pub fn key(&self) -> &str {
        &self.key
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    key: String,
    session_id: String,
    agent_id: String,
    updated_at: i64,
}

impl Gateway {
    /// All sessions, the newest first. A gateway that cannot list them has none.
    ///
    /// # Errors
    /// [`UpstreamError`], the connection's or the gateway's.
    pub async fn list_sessions(&self) -> Result<Vec<GatewaySession>, UpstreamError> {
        let mut sessions = self.list_by_state(false).await?;
        // A deletion archives the session first, and may be cut off after that.
        sessions.extend(self.list_by_state(true).await?);
        Ok(sessions)
    }

    async fn list_by_state(&self, archived: bool) -> Result<Vec<GatewaySession>, UpstreamError> {
        let mut sessions = Vec::new();
        let mut offset = 0;
        for _ in 0..MAX_PAGES {
            let args = json!({ "limit": PAGE_SIZE, "offset": offset, "archived": archived });
            let Some(response) = self.invoke_tool("sessions_list", args).await? else { break };
            let page = &response["result"]["details"];
            let rows = page["sessions"].as_array().map_or(&[][..], Vec::as_slice);
            sessions.extend(rows.iter().filter_map(parse_session));
            match page["nextOffset"].as_u64() {
                Some(next) if page["hasMore"] == true => offset = next,
                _ => break,
            }
        }
        Ok(sessions)
    }

    /// Deletes a session if it is still the one that was listed. A run in it is aborted.
    ///
    /// # Errors
    /// [`UpstreamError`], the connection's or the gateway's. Also if the session changed or no longer exists, and if an
    /// older configuration without this tool is in force.
    pub async fn delete_session(&self, session: &GatewaySession) -> Result<(), UpstreamError> {
        let args = json!({ "action": "delete", "sessionKey": session.key, "expectedSessionId": session.id });
        let response = self.invoke_tool("sessions", args).await?;
        Ok(response.map(drop).ok_or(Cause::RequestRejected)?)
    }

    /// The session's newest `limit` entries before `before` (or of all). `None` if it no longer exists.
    ///
    /// # Errors
    /// As for [`Gateway::read_history`].
    pub async fn read_session_history(
        &self,
        session: &GatewaySession,
        limit: u16,
        before: Option<u64>,
    ) -> Result<Option<HistoryPage>, UpstreamError> {
        read_page(self, &session.key, limit, before).await
    }

    /// Calls a tool as Mosaic's own agent; `None` if it has no such tool.
    async fn invoke_tool(&self, tool: &str, args: Value) -> Result<Option<Value>, UpstreamError> {
        let call = json!({ "tool": tool, "agentId": SERVICE_AGENT, "args": args });
        let Some(response) = send_optional(self.post("/tools/invoke").json(&call)).await? else {
            return Ok(None);
        };
        let body = read_body(response, MAX_PAGE_BYTES).await?;
        Ok(serde_json::from_slice(&body).map_err(|_| Cause::BadAnswer)?)
    }
}

/// A container is not trusted: a key is accepted only if it can be part of a path without being escaped.
fn parse_session(row: &Value) -> Option<GatewaySession> {
    let row: Row = serde_json::from_value(row.clone()).ok()?;
    let agent = Slug::try_from(row.agent_id).ok()?;
    let rest = row.key.strip_prefix(&format!("agent:{agent}:"))?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.');
    if row.key.len() > MAX_KEY_BYTES || !rest.chars().all(is_plain) || rest.contains("..") {
        return None;
    }
    let origin = if SessionKey::is_mosaic_key(&row.key) {
        SessionOrigin::Chat(SessionKey::parse(&row.key)?)
    } else if rest.starts_with("openai:") {
        SessionOrigin::SingleRequest
    } else {
        SessionOrigin::Other
    };
    Some(GatewaySession { key: row.key, id: row.session_id, agent, origin, updated_ms: row.updated_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_the_origin_and_only_plain_keys_are_accepted() {
        let row = |key: &str| json!({ "key": key, "sessionId": "s", "agentId": "ada", "updatedAt": 7, "status": "done" });
        let chat = SessionKey::parse("agent:ada:mosaic:0198f3c2aaaa70008000000000000abc:0");
        for (key, origin) in [
            ("agent:ada:openai:eb341728-c386-4d03-ac73-dfa931a478f8", Some(SessionOrigin::SingleRequest)),
            ("agent:ada:main", Some(SessionOrigin::Other)),
            ("agent:ada:mosaic:0198f3c2aaaa70008000000000000abc:0", chat.map(SessionOrigin::Chat)),
            ("agent:ada:mosaic:nobodys", None),
            ("agent:bob:main", None),
            ("agent:ada:a/../b", None),
            ("agent:ada:a?b", None),
            ("agent:ada:..", None),
            ("main", None),
        ] {
            assert_eq!(parse_session(&row(key)).map(|session| session.origin), origin, "{key}");
        }
    }
}
