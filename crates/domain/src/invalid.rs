//! The error of validation, and checks that several fields share.

use chrono::{DateTime, Utc};

/// A field that cannot be accepted, with a sentence that says what can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Invalid {
    /// The JSON name of the field (`baseUrl`).
    pub field: &'static str,
    /// What to do, as a full sentence.
    pub message: String,
}

impl Invalid {
    /// Refuses `field` with `message`.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

/// Trims `text`, and accepts 1 to `max` characters without control characters.
pub fn line(field: &'static str, text: &str, max: usize) -> Result<String, Invalid> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 {
        return Err(Invalid::new(field, "Enter a value."));
    }
    if length > max {
        return Err(Invalid::new(field, format!("Use at most {max} characters (this has {length}).")));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::new(field, "Use one line without control characters."));
    }
    Ok(text.to_owned())
}

/// Accepts at most `max` characters. Refuses NUL, which Postgres cannot store.
pub fn text(field: &'static str, text: &str, max: usize) -> Result<String, Invalid> {
    let length = text.chars().count();
    if length > max {
        return Err(Invalid::new(field, format!("Use at most {max} characters (this has {length}).")));
    }
    if text.contains('\0') {
        return Err(Invalid::new(field, "Remove the NUL character."));
    }
    Ok(text.to_owned())
}

/// Reads a timestamp in RFC 3339.
pub fn timestamp(field: &'static str, text: &str) -> Result<DateTime<Utc>, Invalid> {
    // An unescaped plus sign in a query string arrives as a space.
    let parsed = DateTime::parse_from_rfc3339(&text.replace(' ', "+"));
    parsed
        .map(|timestamp| timestamp.to_utc())
        .map_err(|_| Invalid::new(field, "Use a time like 2026-11-22T16:00:00Z (RFC 3339)."))
}
