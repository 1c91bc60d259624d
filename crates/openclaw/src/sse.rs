//! Server-sent events out of bytes, however they are cut.
//!
//! Owns the framing only. It must not know what the events mean.

use std::collections::VecDeque;

/// One event: its name (empty = `message`) and its data, lines joined by `\n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) event: String,
    pub(crate) data: Vec<u8>,
}

/// An event grew beyond what is accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Collects bytes into events; holds at most `limit` bytes of an unfinished one.
#[derive(Debug)]
pub(crate) struct Decoder {
    limit: usize,
    line: Vec<u8>,
    event: String,
    data: Option<Vec<u8>>,
    after_cr: bool,
}

impl Decoder {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { limit, line: Vec::new(), event: String::new(), data: None, after_cr: false }
    }

    /// Takes the next bytes and appends the events they complete to `out`.
    pub(crate) fn push(&mut self, mut bytes: &[u8], out: &mut VecDeque<Frame>) -> Result<(), TooLarge> {
        while let Some(end) = bytes.iter().position(|b| matches!(b, b'\n' | b'\r')) {
            let (line, rest) = bytes.split_at(end);
            let second_half = self.after_cr && end == 0 && rest[0] == b'\n';
            self.after_cr = rest[0] == b'\r';
            bytes = &rest[1..];
            if second_half {
                continue;
            }
            self.keep(line)?;
            out.extend(self.end_line());
        }
        self.after_cr &= bytes.is_empty();
        self.keep(bytes)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        let held = self.line.len() + self.data.as_ref().map_or(0, Vec::len) + self.event.len();
        if held + bytes.len() > self.limit {
            return Err(TooLarge);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self) -> Option<Frame> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return self.data.take().map(|data| Frame { event, data });
        }
        let colon = line.iter().position(|b| *b == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match (field, &mut self.data) {
            (b"event", _) => self.event = String::from_utf8_lossy(value).into_owned(),
            (b"data", Some(data)) => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
            (b"data", none) => *none = Some(value.to_vec()),
            // Comments, `id`, `retry` and whatever else: nothing that OpenClaw's streams need.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
        let mut decoder = Decoder::new(1 << 20);
        let mut out = VecDeque::new();
        for piece in pieces {
            decoder.push(piece, &mut out).unwrap();
        }
        out.into()
    }

    fn frame(event: &str, data: &str) -> Frame {
        Frame { event: event.into(), data: data.as_bytes().to_vec() }
    }

    #[test]
    fn fields_comments_and_line_ends() {
        let text = "retry: 1000\n\n: ping\n\nevent: history\r\ndata: a\r\ndata:  b\r\n\r\ndata:x\rid: 1\r\rdata\n\nevent: none\n\n";
        let expected = [frame("history", "a\n b"), frame("", "x"), frame("", "")];
        assert_eq!(decode([text.as_bytes()]), expected);
    }

    #[test]
    fn an_unfinished_event_is_not_an_event() {
        assert_eq!(decode([b"data: a\n".as_slice()]), []);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut decoder = Decoder::new(100);
        let mut out = VecDeque::new();
        let piece = [b'x'; 60];
        assert_eq!(decoder.push(&piece, &mut out), Ok(()));
        assert_eq!(decoder.push(&piece, &mut out), Err(TooLarge));
        let mut decoder = Decoder::new(100);
        let lines: Vec<u8> = b"data: xxxxxxxxxx\n".repeat(20);
        assert_eq!(decoder.push(&lines, &mut out), Err(TooLarge));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_events(
            text in "(data: ?[a-zä😀]{0,6}|event: [a-z]{0,3}|: c|)(\n|\r|\r\n){1,2}((data: ?[a-zä😀]{0,6}|event: [a-z]{0,3}|)(\n|\r|\r\n){1,2}){0,12}",
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..24),
        ) {
            let bytes = text.as_bytes();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let pieces = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
            prop_assert_eq!(decode(pieces), decode([bytes]));
        }
    }
}
