//! Slugs: short, immutable names for use in configuration and by clients.

use crate::invalid::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;

/// `[a-z0-9-]{1,32}` without a leading hyphen. Unique per user and kind, derived from a name once and never changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Slug(String);

impl Slug {
    /// The maximum length.
    pub const MAX: usize = 32;

    /// Derives a slug from a display name. A name without any usable character becomes `fallback`.
    pub fn from_name(name: &str, fallback: &'static str) -> Self {
        let mut slug = String::with_capacity(Self::MAX);
        for c in name.chars().flat_map(char::to_lowercase) {
            if slug.len() >= Self::MAX {
                break;
            }
            if c.is_ascii_alphanumeric() {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let slug = slug.trim_matches('-');
        Self(if slug.is_empty() { fallback.to_owned() } else { slug.to_owned() })
    }

    /// The slug with the suffix `-n`, shortened if necessary: the next candidate when a slug is taken.
    pub fn with_number(&self, n: u32) -> Self {
        let suffix = format!("-{n}");
        let keep = Self::MAX.saturating_sub(suffix.len()).min(self.0.len());
        Self(format!("{}{suffix}", self.0[..keep].trim_end_matches('-')))
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        let fits = (1..=Self::MAX).contains(&text.len())
            && !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits {
            Ok(Self(text))
        } else {
            Err(Invalid::new("slug", "Use 1 to 32 of a-z, 0-9 and hyphen, beginning with a letter or digit."))
        }
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_become_slugs() {
        assert_eq!(Slug::from_name("Work  OpenAI (2)", "x").as_str(), "work-openai-2");
        assert_eq!(Slug::from_name("光", "provider").as_str(), "provider");
        assert_eq!(Slug::from_name("a", "x").with_number(2).as_str(), "a-2");
    }

    proptest! {
        #[test]
        fn every_derived_slug_is_a_slug(name in ".*", n in 2u32..100_000) {
            let slug = Slug::from_name(&name, "agent");
            prop_assert!(Slug::try_from(slug.as_str().to_owned()).is_ok());
            prop_assert!(Slug::try_from(slug.with_number(n).as_str().to_owned()).is_ok());
        }
    }
}
