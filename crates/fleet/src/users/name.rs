//! What an account may be called.

use domain::{Invalid, invalid};

/// Checks a name that somebody typed into `field`: one word. Whether it is free the database says.
pub(crate) fn parse_name(field: &'static str, text: &str) -> Result<String, Invalid> {
    let name = invalid::line(field, text, 64)?;
    if name.chars().any(char::is_whitespace) {
        return Err(Invalid::new(field, "Use a name without spaces."));
    }
    Ok(name)
}
