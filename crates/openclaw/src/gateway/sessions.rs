//! Which sessions a gateway has.
//!
//! OpenClaw lists them to agents only, by a tool. So the rendered configuration has one more agent, who has that
//! tool and no other, never speaks, and is asked here.

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
const PAGES: u32 = 5;

/// A session that was not begun by Mosaic's chat: a program's, or one that the agent itself began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherSession {
    key: String,
    /// Whose it is.
    pub agent: Slug,
    /// When something last happened in it, in milliseconds since 1970, by the container's clock.
    pub updated_ms: i64,
}

impl OtherSession {
    /// Its key.
    pub fn key(&self) -> &str {
        &self.key
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    key: String,
    agent_id: String,
    updated_at: i64,
}

impl Gateway {
    /// The sessions that are not of Mosaic's chat, the newest first. A gateway that does not list them has none.
    ///
    /// # Errors
    /// [`UpstreamError`], the connection's or the gateway's.
    pub async fn other_sessions(&self) -> Result<Vec<OtherSession>, UpstreamError> {
        let mut found = Vec::new();
        let mut offset = 0;
        for _ in 0..PAGES {
            let args = json!({ "limit": LIMIT, "offset": offset });
            let asked = json!({ "tool": "sessions_list", "agentId": LISTING_AGENT, "args": args });
            let Some(response) = open_if_there(self.post("/tools/invoke").json(&asked)).await? else { break };
            let body = read(response, LARGEST_PAGE).await?;
            let answer: Value = serde_json::from_slice(&body).map_err(|_| Cause::BadAnswer)?;
            let listed = &answer["result"]["details"];
            let rows = listed["sessions"].as_array().map_or(&[][..], Vec::as_slice);
            found.extend(rows.iter().filter_map(other));
            match listed["nextOffset"].as_u64() {
                Some(next) if listed["hasMore"] == true => offset = next,
                _ => break,
            }
        }
        Ok(found)
    }

    /// The newest `limit` entries of it before `before` (or of all). `None` when it is gone.
    ///
    /// # Errors
    /// As for [`Gateway::history`].
    pub async fn history_of(
        &self,
        session: &OtherSession,
        limit: u16,
        before: Option<u64>,
    ) -> Result<Option<Page>, UpstreamError> {
        history::page(self, &session.key, limit, before).await
    }
}

/// A container is not trusted: a key is only taken where it can stand in a path as it is.
fn other(row: &Value) -> Option<OtherSession> {
    let row: Row = serde_json::from_value(row.clone()).ok()?;
    let agent = Slug::try_from(row.agent_id).ok()?;
    let rest = row.key.strip_prefix(&format!("agent:{agent}:"))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.');
    let fits = row.key.len() <= 200 && rest.chars().all(plain) && !rest.contains("..");
    (fits && !SessionKey::is_one(&row.key)).then_some(OtherSession {
        key: row.key,
        agent,
        updated_ms: row.updated_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sessions_of_others_with_plain_keys_count() {
        let row = |key: &str| json!({ "key": key, "agentId": "ada", "updatedAt": 7, "status": "done" });
        let found = other(&row("agent:ada:openai:eb341728-c386-4d03-ac73-dfa931a478f8"));
        assert!(found.is_some_and(|found| found.agent.as_str() == "ada" && found.updated_ms == 7));
        for key in [
            "agent:ada:mosaic:0198f3c2aaaa70008000000000000abc:0",
            "agent:bob:main",
            "agent:ada:a/../b",
            "agent:ada:a?b",
            "agent:ada:..",
            "main",
        ] {
            assert_eq!(other(&row(key)), None, "{key}");
        }
    }
}
