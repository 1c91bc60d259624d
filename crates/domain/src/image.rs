//! An image's name, and the id that the name stood for: a name can move to another image, an id cannot.

use std::{convert::Infallible, fmt, str::FromStr};

/// Separates name and id in the stored form. Image names do not contain it.
const ID_SEPARATOR: char = '#';

/// An image's name, and the id that it had on the host when it was last resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedImage {
    /// As people write it: `mosaic-agent:2026.9.6`.
    pub name: String,
    /// The engine's id (`sha256:…`); `None` when the name was not resolved yet.
    pub id: Option<String>,
}

impl PinnedImage {
    /// A name that was not resolved yet.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), id: None }
    }

    /// What to request from the engine: the id if known, else the name.
    pub fn reference(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.name)
    }

    /// Whether both may be the same image: the names are equal, and so are the ids as far as both are known.
    pub fn may_equal(&self, other: &Self) -> bool {
        self.name == other.name && (self.id == other.id || self.id.is_none() || other.id.is_none())
    }
}

impl fmt::Display for PinnedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.id {
            Some(id) => write!(f, "{ID_SEPARATOR}{id}"),
            None => Ok(()),
        }
    }
}

impl FromStr for PinnedImage {
    type Err = Infallible;

    fn from_str(stored: &str) -> Result<Self, Infallible> {
        Ok(match stored.split_once(ID_SEPARATOR) {
            Some((name, id)) => Self { name: name.to_owned(), id: Some(id.to_owned()) },
            None => Self::named(stored),
        })
    }
}

impl From<String> for PinnedImage {
    fn from(stored: String) -> Self {
        let Ok(image) = stored.parse();
        image
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_moved_is_another_image() {
        let image = |stored: &str| PinnedImage::from(stored.to_owned());
        let old = image("agent:1#sha256:aa");
        assert_eq!(
            (old.name.as_str(), old.reference(), old.to_string()),
            ("agent:1", "sha256:aa", "agent:1#sha256:aa".into())
        );
        assert!(!old.may_equal(&image("agent:1#sha256:bb")) && !old.may_equal(&image("agent:2#sha256:aa")));
        assert!(old.may_equal(&image("agent:1")) && image("agent:1").may_equal(&old));
        assert_eq!(image("registry/agent@sha256:dd").reference(), "registry/agent@sha256:dd");
    }
}
