//! What a session has committed: messages, tool calls, tool results.
//!
//! Owns the reading of OpenClaw's history pages: once ([`Gateway::history`]), as they grow
//! ([`Gateway::follow`]), and to find out what became of a message whose stream was lost
//! ([`Gateway::recover`]). It must not write. OpenClaw clips every text here at 8,000 characters; the
//! chat stream is the only place with the whole answer.

mod follow;
mod item;
pub(crate) mod parse;
mod recover;

pub use follow::Follow;
pub use item::{Author, Item, Part};
pub use recover::{Answer, Outcome, Sent, outcome};

use crate::{
    errors::{Cause, UpstreamError},
    gateway::{Gateway, open_if_there, read},
    session_key::SessionKey,
};
use domain::Slug;

/// The largest page that is read: a hundred entries with tool arguments, which OpenClaw does not clip.
pub(crate) const LARGEST_PAGE: usize = 16 << 20;

/// Some consecutive entries of a session, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The entries' parts.
    pub items: Vec<Item>,
    /// Where the next older page ends, when there is one.
    pub older: Option<u64>,
}

impl Gateway {
    /// The newest `limit` entries before `before` (or of all). `None` when the session does not exist
    /// yet: OpenClaw makes it some hundred milliseconds after it accepted the first message.
    ///
    /// # Errors
    /// [`UpstreamError`], the connection's or the gateway's.
    pub async fn history(
        &self,
        agent: &Slug,
        session: SessionKey,
        limit: u16,
        before: Option<u64>,
    ) -> Result<Option<Page>, UpstreamError> {
        page(self, &session.of(agent), limit, before).await
    }
}

/// A page of the session with this key.
pub(crate) async fn page(
    gateway: &Gateway,
    key: &str,
    limit: u16,
    before: Option<u64>,
) -> Result<Option<Page>, UpstreamError> {
    let cursor = before.map(|seq| format!("&cursor={seq}")).unwrap_or_default();
    let path = format!("/sessions/{key}/history?limit={limit}{cursor}");
    let Some(response) = open_if_there(gateway.get(&path)).await? else { return Ok(None) };
    let body = read(response, LARGEST_PAGE).await?;
    parse::page(&body).map(Some).ok_or_else(|| Cause::BadAnswer.into())
}
