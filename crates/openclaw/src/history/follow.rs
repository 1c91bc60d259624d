//! A run's entries as they are committed.
//!
//! OpenClaw's live messages do not contain tool results. A request with a `limit` gets the whole newest page at every change,
//! with them, so this asks for that and skips the entries that were in an earlier page.

use super::{HistoryItem, MAX_PAGE_BYTES, parse::parse_page};
use crate::{
    errors::UpstreamError,
    gateway::{Gateway, send_optional, stream_events},
    session_key::SessionKey,
    sse::Event,
};
use domain::Slug;
use futures_util::stream::{self, BoxStream, StreamExt};
use reqwest::header::ACCEPT;
use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

/// More entries than one change can bring, but few enough to be sent again at every change.
const PAGE_SIZE: u16 = 40;
/// OpenClaw sends a comment every 15 seconds.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Between two requests for a session that does not exist yet.
const NOT_FOUND_DELAY: Duration = Duration::from_millis(250);
/// Before the next connection after any other failure.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// The items of one run, each once, in the order of their commits. Does not end by itself: drop it when the run has
/// ended.
pub type HistoryStream = BoxStream<'static, HistoryItem>;

struct Follower {
    gateway: Gateway,
    path: String,
    run_id: String,
    events: Option<BoxStream<'static, Result<Event, UpstreamError>>>,
    seen: HashSet<(String, u16)>,
    new_items: VecDeque<HistoryItem>,
}

impl Gateway {
    /// Follows the run of [`crate::ChatEvent::Started`]: commentary, tool calls, tool results, the answer. Connects
    /// again when the connection breaks. Errors are retried and never returned: a missing item costs only display.
    pub fn follow_run(&self, agent: &Slug, session: SessionKey, run_id: &str) -> HistoryStream {
        let follower = Follower {
            gateway: self.clone(),
            path: format!("/sessions/{}/history?limit={PAGE_SIZE}", session.for_agent(agent)),
            run_id: run_id.to_owned(),
            events: None,
            seen: HashSet::new(),
            new_items: VecDeque::new(),
        };
        stream::unfold(follower, |mut follower| async {
            let item = follower.next().await;
            Some((item, follower))
        })
        .boxed()
    }
}

impl Follower {
    async fn next(&mut self) -> HistoryItem {
        loop {
            if let Some(item) = self.new_items.pop_front() {
                return item;
            }
            let Some(events) = &mut self.events else {
                self.connect().await;
                continue;
            };
            match events.next().await {
                Some(Ok(event)) => self.add_new_items(&event),
                Some(Err(_)) | None => {
                    self.events = None;
                    tokio::time::sleep(RECONNECT_DELAY).await;
                }
            }
        }
    }

    async fn connect(&mut self) {
        match send_optional(self.gateway.get(&self.path).header(ACCEPT, "text/event-stream")).await {
            Ok(Some(response)) => {
                self.events = Some(stream_events(response, MAX_PAGE_BYTES, IDLE_TIMEOUT));
            }
            Ok(None) => tokio::time::sleep(NOT_FOUND_DELAY).await,
            Err(_) => tokio::time::sleep(RECONNECT_DELAY).await,
        }
    }

    fn add_new_items(&mut self, event: &Event) {
        let Some(page) = parse_page(event.data.as_bytes()) else { return };
        for item in page.items {
            let is_of_run = item.run_id.as_deref() == Some(self.run_id.as_str());
            if is_of_run && self.seen.insert((item.entry.clone(), item.index)) {
                self.new_items.push_back(item);
            }
        }
    }
}
