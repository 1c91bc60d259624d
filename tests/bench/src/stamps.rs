//! The times that the stand-in writes into its answers, found again on the receiving side.

use std::time::{SystemTime, UNIX_EPOCH};

/// Digits of microseconds since 1970, until the year 2286.
const DIGITS: usize = 16;

/// Microseconds since 1970, as the stand-in counts them: both run on one machine.
pub fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// Finds stamps in a stream that arrives in pieces.
#[derive(Default)]
pub struct Stamps {
    digits: String,
}

impl Stamps {
    /// The stamps that end in this piece: sixteen digits and a space.
    pub fn take(&mut self, piece: &[u8]) -> Vec<u64> {
        let mut found = Vec::new();
        for byte in piece {
            if byte.is_ascii_digit() {
                self.digits.push(char::from(*byte));
                continue;
            }
            if *byte == b' ' && self.digits.len() == DIGITS {
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
            let mut stamps = Stamps::default();
            let mut found = stamps.take(&text[..cut]);
            found.extend(stamps.take(&text[cut..]));
            assert_eq!(found, [1_790_000_000_000_001]);
        }
    }
}
