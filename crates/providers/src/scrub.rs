//! The provider's words, made fit to show.
//!
//! Owns clipping and the blotting out of keys. It must not judge what the words mean.

use secrecy::{ExposeSecret, SecretString};

/// How much of the provider's own sentence a person gets to see, in characters.
const CLIP: usize = 200;
/// A run of this many characters of the key makes a word suspect.
const TELLTALE: usize = 6;

/// One clipped line in which every word that shares a piece with the key is blotted out.
pub(crate) fn scrub(text: &str, key: Option<&SecretString>) -> Option<String> {
    let key = key.map(|key| key.expose_secret()).unwrap_or_default();
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let clean: Vec<_> = words.map(|word| if betrays(word, key) { "[key]" } else { word }).collect();
    let line = clean.join(" ");
    if line.is_empty() {
        return None;
    }
    let clipped: String = line.chars().take(CLIP).collect();
    Some(if clipped.len() < line.len() { format!("{}…", clipped.trim_end()) } else { clipped })
}

fn betrays(word: &str, key: &str) -> bool {
    let key: Vec<char> = key.chars().collect();
    if key.is_empty() {
        return false;
    }
    key.windows(TELLTALE.min(key.len())).any(|piece| word.contains(&piece.iter().collect::<String>()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_piece_of_the_key_comes_back() {
        let key: SecretString = "sk-proj-AbCdEf0123456789wxyz".into();
        let hidden = |text: &str| scrub(text, Some(&key)).unwrap();
        assert_eq!(hidden("Bad key: sk-proj-AbCdEf0123456789wxyz."), "Bad key: [key]");
        assert_eq!(hidden("Bad key: sk-proj-****wxyz"), "Bad key: [key]");
        assert_eq!(hidden("tail 456789wxyz, \"AbCdEf01\""), "tail [key] [key]");
        assert_eq!(scrub("pin 42", Some(&"42".into())).unwrap(), "pin [key]");
        assert_eq!(scrub("nothing to hide", None).unwrap(), "nothing to hide");
    }

    #[test]
    fn the_providers_words_are_one_clipped_line() {
        assert_eq!(scrub("a\r\n\u{1b}[31mb\0  c", None).unwrap(), "a [31mb c");
        let long = scrub(&"é".repeat(500), None).unwrap();
        assert_eq!(long.chars().count(), CLIP + 1);
        assert_eq!(scrub(" \n ", None), None);
    }
}
