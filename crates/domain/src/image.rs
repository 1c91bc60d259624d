//! An image by name and by what the name meant: a name can be given to another image, an id cannot.

use std::{convert::Infallible, fmt, str::FromStr};

/// Between name and id, as stored: no image's name holds it.
const MARK: char = '#';

/// An image's name, and the id that it had on the host when somebody looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedImage {
    /// As people write it: `mosaic-agent:2026.9.6`.
    pub name: String,
    /// The engine's id of it (`sha256:…`); `None` where nobody has looked.
    pub id: Option<String>,
}

impl PinnedImage {
    /// A name of which nobody knows what it means.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), id: None }
    }

    /// What to ask the engine for.
    pub fn reference(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.name)
    }

    /// Whether both may be the same image: the names are, and the ids do not say otherwise.
    pub fn may_be(&self, other: &Self) -> bool {
        self.name == other.name && (self.id == other.id || self.id.is_none() || other.id.is_none())
    }
}

impl fmt::Display for PinnedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.id {
            Some(id) => write!(f, "{MARK}{id}"),
            None => Ok(()),
        }
    }
}

impl FromStr for PinnedImage {
    type Err = Infallible;

    fn from_str(stored: &str) -> Result<Self, Infallible> {
        Ok(match stored.split_once(MARK) {
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
        assert!(!old.may_be(&image("agent:1#sha256:bb")) && !old.may_be(&image("agent:2#sha256:aa")));
        assert!(old.may_be(&image("agent:1")) && image("agent:1").may_be(&old));
        assert_eq!(image("registry/agent@sha256:dd").reference(), "registry/agent@sha256:dd");
    }
}
