//! Reads server-sent events as a browser does.

use eventsource_stream::Eventsource;
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use std::{pin::Pin, time::Duration};

/// A server-sent event.
#[derive(Debug, Clone)]
pub struct Event {
    /// The event's name.
    pub kind: String,
    /// Its position; 0 if it has none.
    pub id: i64,
    /// The data as JSON.
    pub data: Value,
}

/// An open stream of events.
pub struct Events {
    inner: Pin<Box<dyn Stream<Item = Event> + Send>>,
}

impl Events {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        let events =
            response.bytes_stream().eventsource().take_while(|event| std::future::ready(event.is_ok()));
        let events = events.filter_map(async |event| {
            let event = event.ok()?;
            let data = serde_json::from_str(&event.data).unwrap_or(Value::Null);
            Some(Event { kind: event.event, id: event.id.parse().unwrap_or(0), data })
        });
        Self { inner: Box::pin(events) }
    }

    /// The next event; `None` at the end of the stream. Panics after two minutes without an event.
    pub async fn next(&mut self) -> Option<Event> {
        tokio::time::timeout(Duration::from_secs(120), self.inner.next())
            .await
            .expect("an event within two minutes")
    }

    /// Reads until an event of that kind.
    pub async fn wait_for(&mut self, kind: &str) -> Event {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ended before `{kind}`"));
            if event.kind == kind {
                return event;
            }
            assert!(event.kind != "error" || kind == "error", "instead of `{kind}`: {}", event.data);
        }
    }

    /// Reads to the end of the stream.
    pub async fn read_to_end(mut self) -> Vec<Event> {
        let mut all = Vec::new();
        while let Some(event) = self.next().await {
            all.push(event);
        }
        all
    }
}

/// The answer that these events add up to.
pub fn answer_text(events: &[Event]) -> String {
    let mut text = String::new();
    for event in events {
        match event.kind.as_str() {
            "delta" => text.push_str(event.data["text"].as_str().unwrap()),
            "snapshot" => text = event.data["text"].as_str().unwrap().to_owned(),
            _ => {}
        }
    }
    text
}
