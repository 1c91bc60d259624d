//! Server-sent events: keep-alives, positions, and an end when the process ends.

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

/// A comment is sent this often: proxies keep the connection, and a browser that went away is noticed.
pub const KEEP_ALIVE: Duration = Duration::from_secs(10);

type Events = Pin<Box<dyn Stream<Item = Event> + Send>>;

/// A stream of events as a response.
pub struct Sse(Events);

impl Sse {
    /// Sends `events` until they end or the process does.
    /// `of` names what they are about, for whoever counts streams.
    pub fn new(
        of: &'static str,
        events: impl Stream<Item = Event> + Send + 'static,
        shutdown: Shutdown,
    ) -> Self {
        let held = telemetry::STREAMS.track_in_flight([of]);
        Self(Box::pin(events.take_until(shutdown).inspect(move |_| {
            let _ = &held;
        })))
    }
}

impl<'r> Responder<'r, 'r> for Sse {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'r> {
        let stream = EventStream::from(self.0).heartbeat(KEEP_ALIVE);
        Response::build_from(stream.respond_to(request)?)
            .header(ContentType::EventStream)
            .header(Header::new("Cache-Control", "no-cache, no-transform"))
            .header(Header::new("X-Accel-Buffering", "no"))
            .ok()
    }
}
