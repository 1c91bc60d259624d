//! Keys as people paste them: without what surrounds them, and what may be shown of them afterwards.

use domain::Invalid;
use secrecy::{ExposeSecret, SecretString};

/// The key without the space around it; `None` when that is all. `field` names it in a refusal.
pub(crate) fn trimmed(field: &'static str, key: &SecretString) -> Result<Option<SecretString>, Invalid> {
    let text = key.expose_secret().trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > 4096 || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        let message = "This does not look like a key: paste it as one line, without spaces.";
        return Err(Invalid::new(field, message));
    }
    Ok(Some(SecretString::from(text)))
}

/// Its last four characters; of a short key none, because even four would tell too much.
pub(crate) fn ends_in(key: &SecretString) -> String {
    let text = key.expose_secret();
    let shown = if text.chars().count() < 12 { 0 } else { 4 };
    text.chars().rev().take(shown).collect::<Vec<_>>().into_iter().rev().collect()
}
