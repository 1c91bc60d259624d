//! Server-sent events, with keep-alives. They end when the process does.

use futures_util::{Stream, StreamExt};
use rocket::{
    Request, Response, Shutdown,
    http::{ContentType, Header},
    response::{
        self, Responder,
        stream::{Event, EventStream},
    },
};
use std::{pin::Pin, time::Duration};

/// How often a comment is sent, so that proxies keep the connection and a client that has left is noticed.
pub const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);

type Events = Pin<Box<dyn Stream<Item = Event> + Send>>;

pub struct Sse(Events);

impl Sse {
    /// Sends `events` until they end or the process does. `kind` is for metrics.
    pub fn new(
        kind: &'static str,
        events: impl Stream<Item = Event> + Send + 'static,
        shutdown: Shutdown,
    ) -> Self {
        let in_flight = telemetry::OPEN_STREAMS.track_in_flight([kind]);
        Self(Box::pin(events.take_until(shutdown).inspect(move |_| {
            let _ = &in_flight;
        })))
    }
}

impl<'r> Responder<'r, 'r> for Sse {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'r> {
        let stream = EventStream::from(self.0).heartbeat(KEEP_ALIVE_INTERVAL);
        Response::build_from(stream.respond_to(request)?)
            .header(ContentType::EventStream)
            .header(Header::new("Cache-Control", "no-cache, no-transform"))
            .header(Header::new("X-Accel-Buffering", "no"))
            .ok()
    }
}
