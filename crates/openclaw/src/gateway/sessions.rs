//! Which sessions a gateway has, and the end of those that nobody needs.
//!
//! OpenClaw lists and deletes them for agents only, by tools. So the rendered configuration has one more agent, who has
//! these tools and no other, never speaks, and is asked here. What is deleted here is moved into an archive of OpenClaw's
//! own, which the image empties when the gateway has ended (`deploy/agent/tidy.mjs`).

use super::{Gateway, open_if_there, read};
use crate::{
    errors::{Cause, UpstreamError},
    history::{self, LARGEST_PAGE, Page},
    render::LISTING_AGENT,
    session_key::SessionKey,
};
use domain::Slug;
use serde::Deserialize;
use serde_json::{Value, json};

/// Sessions asked for at once, and pages asked for at most: the newest come first.
const LIMIT: u32 = 200;
const PAGES: u32 = 50;

/// Who began a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// Mosaic's chat.
    ByChat(SessionKey),
    /// A request that stood alone: nobody can ever go on with it.
    ByRequest,
    /// The agent itself, or somebody who knows OpenClaw.
    Otherwise,
}

/// A session that a gateway has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    key: String,
    id: String,
    /// Whose it is.
    pub agent: Slug,
    /// Who began it.
    pub begun: Begun,
    /// When something last happened in it, in milliseconds since 1970, by the container's clock.
    pub updated_ms: i64,
}

impl Session {
    /// Its key.
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
    /// The sessions it has, the newest first. A gateway that does not list them has none.
    ///
    /// # Errors
    /// [`UpstreamError`], the connection's or the gateway's.
    pub async fn sessions(&self) -> Result<Vec<Session>, UpstreamError> {
        let mut found = self.listed(false).await?;
        // Put aside: a deletion begins with that, and may be cut off.
        found.extend(self.listed(true).await?);
        Ok(found)
    }

    async fn listed(&self, archived: bool) -> Result<Vec<Session>, UpstreamError> {
        let mut found = Vec::new();
        let mut offset = 0;
        for _ in 0..PAGES {
            let args = json!({ "limit": LIMIT, "offset": offset, "archived": archived });
            let Some(answer) = self.invoke("sessions_list", args).await? else { break };
            let listed = &answer["result"]["details"];
            let rows = listed["sessions"].as_array().map_or(&[][..], Vec::as_slice);
            found.extend(rows.iter().filter_map(session));
            match listed["nextOffset"].as_u64() {
                Some(next) if listed["hasMore"] == true => offset = next,
                _ => break,
            }
        }
        Ok(found)
    }

    /// Deletes a session, if it is still the one that was listed. What is at work in it ends.
    ///
    /// # Errors
    /// [`UpstreamError`], the connection's or the gateway's: also where it changed or is gone, and where an older
    /// configuration is in force, which has no such tool.
    pub async fn delete(&self, session: &Session) -> Result<(), UpstreamError> {
        let args = json!({ "action": "delete", "sessionKey": session.key, "expectedSessionId": session.id });
        let answer = self.invoke("sessions", args).await?;
        Ok(answer.map(drop).ok_or(Cause::RequestRejected)?)
    }

    /// The newest `limit` entries of it before `before` (or of all). `None` when it is gone.
    ///
    /// # Errors
    /// As for [`Gateway::history`].
    pub async fn history_of(
        &self,
        session: &Session,
        limit: u16,
        before: Option<u64>,
    ) -> Result<Option<Page>, UpstreamError> {
        history::page(self, &session.key, limit, before).await
    }

    /// Calls a tool as the agent that never speaks; `None` where it has no such tool.
    async fn invoke(&self, tool: &str, args: Value) -> Result<Option<Value>, UpstreamError> {
        let asked = json!({ "tool": tool, "agentId": LISTING_AGENT, "args": args });
        let Some(response) = open_if_there(self.post("/tools/invoke").json(&asked)).await? else {
            return Ok(None);
        };
        let body = read(response, LARGEST_PAGE).await?;
        Ok(serde_json::from_slice(&body).map_err(|_| Cause::BadAnswer)?)
    }
}

/// A container is not trusted: a key is only taken where it can stand in a path as it is.
fn session(row: &Value) -> Option<Session> {
    let row: Row = serde_json::from_value(row.clone()).ok()?;
    let agent = Slug::try_from(row.agent_id).ok()?;
    let rest = row.key.strip_prefix(&format!("agent:{agent}:"))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.');
    if row.key.len() > 200 || !rest.chars().all(plain) || rest.contains("..") {
        return None;
    }
    let begun = if SessionKey::is_one(&row.key) {
        Begun::ByChat(SessionKey::of_key(&row.key)?)
    } else if rest.starts_with("openai:") {
        Begun::ByRequest
    } else {
        Begun::Otherwise
    };
    Some(Session { key: row.key, id: row.session_id, agent, begun, updated_ms: row.updated_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_who_began_the_session_and_only_plain_ones_count() {
        let row = |key: &str| json!({ "key": key, "sessionId": "s", "agentId": "ada", "updatedAt": 7, "status": "done" });
        let chat = SessionKey::of_key("agent:ada:mosaic:0198f3c2aaaa70008000000000000abc:0");
        for (key, begun) in [
            ("agent:ada:openai:eb341728-c386-4d03-ac73-dfa931a478f8", Some(Begun::ByRequest)),
            ("agent:ada:main", Some(Begun::Otherwise)),
            ("agent:ada:mosaic:0198f3c2aaaa70008000000000000abc:0", chat.map(Begun::ByChat)),
            ("agent:ada:mosaic:nobodys", None),
            ("agent:bob:main", None),
            ("agent:ada:a/../b", None),
            ("agent:ada:a?b", None),
            ("agent:ada:..", None),
            ("main", None),
        ] {
            assert_eq!(session(&row(key)).map(|found| found.begun), begun, "{key}");
        }
    }
}
