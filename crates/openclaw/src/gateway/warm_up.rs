//! A first chat that nobody sees: the first one of a process costs seconds that no later one does.

use super::{Gateway, frames, open};
use crate::{errors::UpstreamError, render::LISTING_AGENT};
use futures_util::StreamExt;
use serde_json::json;
use std::time::Duration;

/// OpenClaw keeps a session of such a name in memory alone.
const SESSION: &str = "dashboard:incognito-warm-up";
const LARGEST_EVENT: usize = 64 << 10;
/// A cold process on a busy machine takes a while.
const IDLE: Duration = Duration::from_secs(60);

impl Gateway {
    /// Chats once with the agent that no person speaks to, by the model that Mosaic plays itself. Returns when the
    /// answer is over.
    ///
    /// # Errors
    /// [`UpstreamError`], the connection's or the gateway's.
    pub async fn warm_up(&self) -> Result<(), UpstreamError> {
        let body = json!({
            "model": format!("openclaw/{LISTING_AGENT}"),
            "stream": true,
            "messages": [{ "role": "user", "content": "Warm up." }],
        });
        let request = self
            .post("/v1/chat/completions")
            .header("x-openclaw-agent-id", LISTING_AGENT)
            .header("x-openclaw-session-key", format!("agent:{LISTING_AGENT}:{SESSION}"))
            .json(&body);
        let mut frames = frames(open(request).await?, LARGEST_EVENT, IDLE);
        while let Some(frame) = frames.next().await {
            frame?;
        }
        Ok(())
    }
}
