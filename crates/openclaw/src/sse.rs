//! Server-sent events from a body that is not trusted.
//!
//! `eventsource-stream` parses the fields of an event. On its own it is not fit for a hostile sender: it holds an
//! unfinished event without a limit, scans an unfinished line again with every piece that arrives, copies the last `id`
//! at every empty line, panics at a byte order mark, and yields nothing more after a byte that is not UTF-8. So it is fed
//! from here with whole lines of valid text, only with those that carry a name or data, and never with more of them than
//! one event may have. What the events mean is not known here.

use crate::errors::{Cause, UpstreamError};
use bytes::{Buf, Bytes};
use eventsource_stream::{EventStreamError, Eventsource};
use futures_util::stream::{self, BoxStream, Stream, StreamExt};

pub(crate) use eventsource_stream::Event;

/// The events of `body`. Ends with the body, or with one error; [`Cause::BadAnswer`] means that an event is longer than
/// `max_event_bytes`. Bytes that are not UTF-8 become U+FFFD. An event that is unfinished at the end is dropped.
pub(crate) fn events(
    body: impl Stream<Item = Result<Bytes, UpstreamError>> + Send + Unpin + 'static,
    max_event_bytes: usize,
) -> BoxStream<'static, Result<Event, UpstreamError>> {
    let lines = Lines {
        body,
        max_event_bytes,
        event_bytes: 0,
        line_bytes: 0,
        piece: Bytes::new(),
        line: Vec::new(),
        after_cr: false,
        at_start: true,
    };
    let lines = stream::unfold(Some(lines), |lines| async {
        let mut lines = lines?;
        match lines.next().await {
            Ok(line) => line.map(|line| (Ok(line), Some(lines))),
            Err(error) => Some((Err(error), None)),
        }
    });
    let events = lines.eventsource().map(|event| {
        event.map_err(|error| match error {
            EventStreamError::Transport(error) => error,
            EventStreamError::Utf8(_) | EventStreamError::Parser(_) => Cause::BadAnswer.into(),
        })
    });
    events.boxed()
}

/// Splits a body into lines. Each ends in LF; in the body it may end in CR, LF or CRLF.
struct Lines<S> {
    body: S,
    max_event_bytes: usize,
    /// Bytes of the event so far, as they came: all that the parser can hold is made of them.
    event_bytes: usize,
    /// Bytes of the last line, as they came.
    line_bytes: usize,
    /// What is left of the last piece.
    piece: Bytes,
    /// The unfinished line.
    line: Vec<u8>,
    after_cr: bool,
    at_start: bool,
}

impl<S: Stream<Item = Result<Bytes, UpstreamError>> + Unpin> Lines<S> {
    /// The next line that the parser needs; `None` at the end of the body.
    async fn next(&mut self) -> Result<Option<String>, UpstreamError> {
        loop {
            let Some(line) = self.next_line().await? else { return Ok(None) };
            // A body that is always ready must not keep the thread from its other tasks.
            tokio::task::consume_budget().await;
            if line == "\n" {
                // The parser has nothing of the event any more.
                self.event_bytes = 0;
                return Ok(Some(line));
            }
            if matches!(line.trim_end_matches('\n').split(':').next(), Some("data" | "event")) {
                return Ok(Some(line));
            }
            // A comment, `id`, `retry` or an unknown field: the parser never holds it.
            self.event_bytes = self.event_bytes.saturating_sub(self.line_bytes);
        }
    }

    /// The next line, with its LF.
    async fn next_line(&mut self) -> Result<Option<String>, UpstreamError> {
        while !self.fill_line()? {
            let Some(piece) = self.body.next().await else { return Ok(None) };
            self.piece = piece?;
        }
        let line = std::mem::take(&mut self.line);
        self.line_bytes = line.len();
        let mut line = String::from_utf8(line)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        if std::mem::take(&mut self.at_start) {
            line = line.trim_start_matches('\u{feff}').to_owned();
        }
        line.push('\n');
        Ok(Some(line))
    }

    /// Moves bytes of the piece to the line. Returns whether the line is complete.
    fn fill_line(&mut self) -> Result<bool, UpstreamError> {
        if self.after_cr && !self.piece.is_empty() {
            self.after_cr = false;
            if self.piece[0] == b'\n' {
                self.piece.advance(1);
            }
        }
        let end = self.piece.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let bytes = self.piece.split_to(end.unwrap_or(self.piece.len()));
        self.event_bytes += bytes.len();
        if self.event_bytes > self.max_event_bytes {
            return Err(Cause::BadAnswer.into());
        }
        self.line.extend_from_slice(&bytes);
        if end.is_some() {
            self.after_cr = self.piece.get_u8() == b'\r';
        }
        Ok(end.is_some())
    }
}

#[cfg(test)]
#[path = "sse_tests.rs"]
pub(crate) mod tests;
