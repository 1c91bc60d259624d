//! What a session has committed: messages, tool calls, tool results.
//!
//! Owns the reading of OpenClaw's history pages: once ([`Gateway::read_history`]), while a run adds to them
//! ([`Gateway::follow_run`]), and to find the outcome of a message whose stream was lost
//! ([`Gateway::find_outcome`]). It must not write. OpenClaw truncates every text here at 8,000 characters; only the
//! chat stream has the whole answer.

mod follow;
mod item;
pub(crate) mod parse;
mod recover;

pub use follow::HistoryStream;
pub use item::{Author, HistoryItem, HistoryPart};
pub use recover::{MessageOutcome, RecoveredAnswer, SentMessage};

use crate::{
    errors::{Cause, UpstreamError},
    gateway::{Gateway, read_body, send_optional},
    session_key::SessionKey,
};
use domain::Slug;

/// Enough for a hundred entries with tool arguments, which OpenClaw does not truncate.
pub(crate) const MAX_PAGE_BYTES: usize = 16 << 20;

/// Consecutive entries of a session, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    /// The parts of the entries.
    pub items: Vec<HistoryItem>,
    /// Where the next older page ends, if there is one.
    pub older: Option<u64>,
}

impl Gateway {
    /// The newest `limit` entries before `before` (or of all). `None` if the session does not exist yet: OpenClaw
    /// creates it some hundred milliseconds after it accepted the first message.
    ///
    /// # Errors
    /// [`UpstreamError`], the connection's or the gateway's.
    pub async fn read_history(
        &self,
        agent: &Slug,
        session: SessionKey,
        limit: u16,
        before: Option<u64>,
    ) -> Result<Option<HistoryPage>, UpstreamError> {
        read_page(self, &session.for_agent(agent), limit, before).await
    }
}

/// A page of the session with this full key.
pub(crate) async fn read_page(
    gateway: &Gateway,
    key: &str,
    limit: u16,
    before: Option<u64>,
) -> Result<Option<HistoryPage>, UpstreamError> {
    let cursor = before.map(|seq| format!("&cursor={seq}")).unwrap_or_default();
    let path = format!("/sessions/{key}/history?limit={limit}{cursor}");
    let Some(response) = send_optional(gateway.get(&path)).await? else { return Ok(None) };
    let body = read_body(response, MAX_PAGE_BYTES).await?;
    parse::parse_page(&body).map(Some).ok_or_else(|| Cause::BadAnswer.into())
}
