//! `GET /sessions/{key}/history`: a page of committed messages, or with
//! `Accept: text/event-stream` the page and then every further message as it is committed.
//!
//! As measured on 2026.9.6: pages have tool calls and tool results, independently of `includeTools`;
//! the live stream has no tool results, but with a `limit` it sends the page again instead.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::watch;

use super::refusal::Refusal;
use super::{Operator, header_text, json_response};
use crate::gateway::{Gateway, Phase};
use crate::session::Session;

const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);
const MAX_PAGE_SIZE: usize = 1000;

/// The handler.
pub async fn handle(
    _: Operator,
    State(gateway): State<Arc<Gateway>>,
    Path(key): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let session = gateway.sessions().get(&key.to_lowercase());
    let query = HistoryQuery::parse(&query)?;
    // Subscribed before reading, so that no message is missed. Sequence numbers show duplicates.
    let live = session.subscribe();
    let messages = session.read_messages().map_err(|_| Refusal::Unavailable)?;
    if messages.is_empty() {
        return Err(Refusal::NoSession(key));
    }
    let first = query.select(session.key(), &messages);
    let follows = header_text(&headers, "accept").is_some_and(|accept| accept.contains("text/event-stream"));
    if !follows {
        return Ok(json_response(200, first));
    }
    let follower = Follower {
        seen: messages.last().map_or(0, seq),
        opening: Some(frame("history", &first)),
        phase: gateway.phase(),
        session,
        query,
        live,
    };
    let frames = stream::unfold(follower, Follower::next);
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, Body::from_stream(frames)).into_response())
}

/// The requested part of the history.
#[derive(Debug)]
struct HistoryQuery {
    limit: Option<usize>,
    before: Option<u64>,
}

impl HistoryQuery {
    fn parse(query: &HashMap<String, String>) -> Result<Self, Refusal> {
        let number = |name: &str| match query.get(name).map(|text| text.parse::<u64>()) {
            None => Ok(None),
            Some(Ok(number)) if number > 0 => Ok(Some(number)),
            Some(_) => Err(Refusal::invalid(format!("{name} must be a positive integer"))),
        };
        let limit = number("limit")?.map(|limit| usize::try_from(limit).unwrap_or(MAX_PAGE_SIZE));
        Ok(Self { limit: limit.map(|limit| limit.min(MAX_PAGE_SIZE)), before: number("cursor")? })
    }

    fn is_whole(&self) -> bool {
        self.limit.is_none() && self.before.is_none()
    }

    fn select(&self, key: &str, messages: &[Value]) -> Value {
        let until = messages.partition_point(|message| self.before.is_none_or(|at| seq(message) < at));
        let from = until.saturating_sub(self.limit.unwrap_or(MAX_PAGE_SIZE));
        let items = messages.get(from..until).unwrap_or_default();
        let mut page = json!({"sessionKey": key, "items": items, "messages": items, "hasMore": from > 0});
        if let (true, Some(first)) = (from > 0, items.first()) {
            page["nextCursor"] = json!(seq(first).to_string());
        }
        page
    }
}

struct Follower {
    session: Arc<Session>,
    query: HistoryQuery,
    live: Receiver<Value>,
    phase: watch::Receiver<Phase>,
    opening: Option<String>,
    seen: u64,
}

impl Follower {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let text = match self.opening.take() {
            Some(history) => format!("retry: 1000\n\n{history}"),
            None => self.next_frame().await?,
        };
        Some((Ok(Bytes::from(text)), self))
    }

    /// The next frame; `None` when the gateway stops, so that a follower does not delay that.
    async fn next_frame(&mut self) -> Option<String> {
        loop {
            let message = tokio::select! {
                _ = self.phase.wait_for(|phase| *phase == Phase::Draining) => return None,
                () = tokio::time::sleep(KEEP_ALIVE_INTERVAL) => return Some(": keepalive\n\n".to_owned()),
                message = self.live.recv() => message,
            };
            match message {
                Ok(message) if seq(&message) <= self.seen => {}
                Ok(message) if self.query.is_whole() => {
                    self.seen = seq(&message);
                    if message["role"] != "toolResult" {
                        return Some(self.message_frame(&message));
                    }
                }
                Ok(_) | Err(RecvError::Lagged(_)) => return self.page_frame().ok(),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn message_frame(&self, message: &Value) -> String {
        let meta = &message["__openclaw"];
        let event = json!({
            "sessionKey": self.session.key(), "message": message,
            "messageId": meta["id"], "messageSeq": meta["seq"],
        });
        frame("message", &event)
    }

    fn page_frame(&mut self) -> io::Result<String> {
        let messages = self.session.read_messages()?;
        self.seen = messages.last().map_or(self.seen, seq);
        Ok(frame("history", &self.query.select(self.session.key(), &messages)))
    }
}

fn seq(message: &Value) -> u64 {
    message["__openclaw"]["seq"].as_u64().unwrap_or_default()
}

fn frame(event: &str, data: &Value) -> String {
    format!("event: {event}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn pages_go_backwards_and_have_the_cursor_of_the_next() {
        let all: Vec<_> = (1..=5).map(|n| json!({"__openclaw": {"seq": n}})).collect();
        let page = |limit, before| HistoryQuery { limit, before }.select("k", &all);
        let newest = page(Some(2), None);
        assert_eq!(newest["nextCursor"], "4");
        assert_eq!(newest["items"].as_array().unwrap().len(), 2);
        let last = page(Some(3), Some(4));
        assert_eq!(last["hasMore"], false);
        assert_eq!(last["items"][0]["__openclaw"]["seq"], 1);
        assert_eq!(last.get("nextCursor"), None);
    }
}
