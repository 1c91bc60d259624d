//! Makes a provider's messages safe to show: truncates them and removes keys.
//!
//! It must not interpret them.

use secrecy::{ExposeSecret, SecretString};

const MAX_CHARS: usize = 200;
/// A word with this many consecutive characters of the key is removed.
const KEY_FRAGMENT_CHARS: usize = 6;

/// The text as one truncated line. Every word with a fragment of the key is replaced.
pub(crate) fn scrub(text: &str, key: Option<&SecretString>) -> Option<String> {
    let key = key.map(|key| key.expose_secret()).unwrap_or_default();
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let clean: Vec<_> =
        words.map(|word| if contains_key_fragment(word, key) { "[key]" } else { word }).collect();
    let line = clean.join(" ");
    if line.is_empty() {
        return None;
    }
    let truncated: String = line.chars().take(MAX_CHARS).collect();
    Some(if truncated.len() < line.len() { format!("{}…", truncated.trim_end()) } else { truncated })
}

fn contains_key_fragment(word: &str, key: &str) -> bool {
    let key: Vec<char> = key.chars().collect();
    if key.is_empty() {
        return false;
    }
    key.windows(KEY_FRAGMENT_CHARS.min(key.len()))
        .any(|fragment| word.contains(&fragment.iter().collect::<String>()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_fragment_of_the_key_comes_back() {
        let key: SecretString = "sk-proj-AbCdEf0123456789wxyz".into();
        let hidden = |text: &str| scrub(text, Some(&key)).unwrap();
        assert_eq!(hidden("Bad key: sk-proj-AbCdEf0123456789wxyz."), "Bad key: [key]");
        assert_eq!(hidden("Bad key: sk-proj-****wxyz"), "Bad key: [key]");
        assert_eq!(hidden("tail 456789wxyz, \"AbCdEf01\""), "tail [key] [key]");
        assert_eq!(scrub("pin 42", Some(&"42".into())).unwrap(), "pin [key]");
        assert_eq!(scrub("nothing to hide", None).unwrap(), "nothing to hide");
    }

    #[test]
    fn messages_become_one_truncated_line() {
        assert_eq!(scrub("a\r\n\u{1b}[31mb\0  c", None).unwrap(), "a [31mb c");
        let long = scrub(&"é".repeat(500), None).unwrap();
        assert_eq!(long.chars().count(), MAX_CHARS + 1);
        assert_eq!(scrub(" \n ", None), None);
    }
}
