//! The times that the stand-in writes into its answers, parsed by the receiver.

use std::time::{SystemTime, UNIX_EPOCH};

/// Of microseconds since 1970, until the year 2286.
const STAMP_DIGITS: usize = 16;

/// Microseconds since 1970. The stand-in uses the same clock: both run on one machine.
pub fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// Finds stamps in a stream that arrives in pieces.
#[derive(Default)]
pub struct StampParser {
    digits: String,
}

impl StampParser {
    /// The stamps that end in this piece: sixteen digits and a space.
    pub fn parse(&mut self, piece: &[u8]) -> Vec<u64> {
        let mut found = Vec::new();
        for byte in piece {
            if byte.is_ascii_digit() {
                self.digits.push(char::from(*byte));
                continue;
            }
            if *byte == b' ' && self.digits.len() == STAMP_DIGITS {
                found.extend(self.digits.parse::<u64>());
            }
            self.digits.clear();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_found_wherever_the_stream_is_cut() {
        let text = br#"id: 12 data: {"created":1790000000,"text":"1790000000000001 "}"#;
        for cut in 0..text.len() {
            let mut stamps = StampParser::default();
            let mut found = stamps.parse(&text[..cut]);
            found.extend(stamps.parse(&text[cut..]));
            assert_eq!(found, [1_790_000_000_000_001]);
        }
    }
}
