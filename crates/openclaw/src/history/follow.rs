//! A run's entries as they are committed.
//!
//! OpenClaw's live messages leave tool results out; asked for the newest entries only, it sends that
//! page again at every change instead, with everything in it. What was there before is skipped here.

use super::{Item, LARGEST_PAGE, parse};
use crate::{
    errors::UpstreamError,
    gateway::{Gateway, frames, open_if_there},
    session_key::SessionKey,
    sse::Frame,
};
use domain::Slug;
use futures_util::stream::{self, BoxStream, StreamExt};
use reqwest::header::ACCEPT;
use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

/// More entries than one change can bring, and few enough to be sent again and again.
const NEWEST: u16 = 40;
/// OpenClaw sends a comment every 15 seconds.
const IDLE: Duration = Duration::from_secs(60);
/// Until the session exists.
const SOON: Duration = Duration::from_millis(250);
/// After anything else went wrong.
const LATER: Duration = Duration::from_secs(1);

/// The items of one run, each once, in the order they are committed. Never ends by itself: drop it when
/// the run has ended.
pub type Follow = BoxStream<'static, Item>;

struct Follower {
    gateway: Gateway,
    path: String,
    run: String,
    frames: Option<BoxStream<'static, Result<Frame, UpstreamError>>>,
    seen: HashSet<(String, u16)>,
    ready: VecDeque<Item>,
}

impl Gateway {
    /// Follows the run that [`crate::ChatEvent::Started`] named: commentary, tool calls and their
    /// results, the answer. Connects again whenever the connection breaks; what it says is for show, so
    /// it has no errors.
    pub fn follow(&self, agent: &Slug, session: SessionKey, run: &str) -> Follow {
        let follower = Follower {
            gateway: self.clone(),
            path: format!("/sessions/{}/history?limit={NEWEST}", session.of(agent)),
            run: run.to_owned(),
            frames: None,
            seen: HashSet::new(),
            ready: VecDeque::new(),
        };
        stream::unfold(follower, |mut follower| async {
            let item = follower.next().await;
            Some((item, follower))
        })
        .boxed()
    }
}

impl Follower {
    async fn next(&mut self) -> Item {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return item;
            }
            let Some(frames) = &mut self.frames else {
                self.connect().await;
                continue;
            };
            match frames.next().await {
                Some(Ok(frame)) => self.take(&frame),
                Some(Err(_)) | None => {
                    self.frames = None;
                    tokio::time::sleep(LATER).await;
                }
            }
        }
    }

    async fn connect(&mut self) {
        match open_if_there(self.gateway.get(&self.path).header(ACCEPT, "text/event-stream")).await {
            Ok(Some(response)) => self.frames = Some(frames(response, LARGEST_PAGE, IDLE)),
            Ok(None) => tokio::time::sleep(SOON).await,
            Err(_) => tokio::time::sleep(LATER).await,
        }
    }

    fn take(&mut self, frame: &Frame) {
        let Some(page) = parse::page(&frame.data) else { return };
        for item in page.items {
            let ours = item.run.as_deref() == Some(self.run.as_str());
            if ours && self.seen.insert((item.entry.clone(), item.index)) {
                self.ready.push_back(item);
            }
        }
    }
}
