//! API keys as people paste them: checked, and how much of them may be shown afterwards.

use domain::Invalid;
use secrecy::{ExposeSecret, SecretString};

const MAX_KEY_BYTES: usize = 4096;
/// Of a shorter key nothing is shown: even four characters would tell too much.
const MIN_CHARS_TO_SHOW: usize = 12;
const SHOWN_CHARS: usize = 4;

/// The key without surrounding space; `None` when nothing is left. `field` names it in a refusal.
pub(crate) fn trimmed(field: &'static str, key: &SecretString) -> Result<Option<SecretString>, Invalid> {
    let text = key.expose_secret().trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > MAX_KEY_BYTES || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        let message = "This does not look like a key: paste it as one line, without spaces.";
        return Err(Invalid::new(field, message));
    }
    Ok(Some(SecretString::from(text)))
}

/// The last characters of a key; empty for a short one.
pub(crate) fn ends_in(key: &SecretString) -> String {
    let text = key.expose_secret();
    let shown = if text.chars().count() < MIN_CHARS_TO_SHOW { 0 } else { SHOWN_CHARS };
    text.chars().rev().take(shown).collect::<Vec<_>>().into_iter().rev().collect()
}
