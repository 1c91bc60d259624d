//! A first chat that is not shown to the user: the first chat of a process takes seconds longer than the later ones.

use super::{Gateway, send, stream_events};
use crate::{errors::UpstreamError, render::SERVICE_AGENT};
use futures_util::StreamExt;
use serde_json::json;
use std::time::Duration;

/// OpenClaw keeps a session of such a name only in memory.
const SESSION: &str = "dashboard:incognito-warm-up";
const MAX_EVENT_BYTES: usize = 64 << 10;
/// A cold process on a busy machine is slow.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

impl Gateway {
    /// Chats once with Mosaic's own agent, by the model that Mosaic plays itself. Returns at the end of the answer.
    ///
    /// # Errors
    /// [`UpstreamError`], the connection's or the gateway's.
    pub async fn warm_up(&self) -> Result<(), UpstreamError> {
        let body = json!({
            "model": format!("openclaw/{SERVICE_AGENT}"),
            "stream": true,
            "messages": [{ "role": "user", "content": "Warm up." }],
        });
        let request = self
            .post("/v1/chat/completions")
            .header("x-openclaw-agent-id", SERVICE_AGENT)
            .header("x-openclaw-session-key", format!("agent:{SERVICE_AGENT}:{SESSION}"))
            .json(&body);
        let mut events = stream_events(send(request).await?, MAX_EVENT_BYTES, IDLE_TIMEOUT);
        while let Some(event) = events.next().await {
            event?;
        }
        Ok(())
    }
}
