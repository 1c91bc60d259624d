//! Escapes texts, so that OpenClaw reads them literally.
//!
//! OpenClaw replaces `${NAME}` in every string by an environment variable and `$${NAME}` by `${NAME}`. It reads a whole
//! key `$NAME` as a reference too.

/// Escapes `text` so that nothing in it is replaced.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if c == '$' && is_reference(&text[at + 1..]) {
            escaped.push('$');
        }
        escaped.push(c);
    }
    escaped
}

/// Escapes a key. A key that OpenClaw would look up elsewhere cannot be any provider's, and becomes [`NO_KEY`], which
/// the provider refuses.
pub(super) fn key(key: &str) -> String {
    let is_looked_up = key.strip_prefix('$').is_some_and(is_name)
        || ["secretref-", "__env__:"].iter().any(|prefix| key.starts_with(prefix));
    if is_looked_up { NO_KEY.to_owned() } else { text(key) }
}

/// For providers without a key: OpenClaw needs one, and such servers ignore it.
pub(super) const NO_KEY: &str = "none";

/// Whether `$` and `rest` begin with a reference.
fn is_reference(rest: &str) -> bool {
    rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).is_some_and(|(name, _)| is_name(name))
}

fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
    starts && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// OpenClaw's own replacement, with every variable set to `!`.
    fn replaced(text: &str) -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some(c) = rest.chars().next() {
            let name = |from: usize| {
                let inner = rest.get(from..)?.strip_prefix('{')?;
                let (name, after) = inner.split_once('}')?;
                is_name(name).then_some((name, after))
            };
            if let (true, Some((name, after))) = (rest.starts_with("$$"), name(2)) {
                out.push_str(&format!("${{{name}}}"));
                rest = after;
            } else if let (true, Some((_, after))) = (c == '$', name(1)) {
                out.push('!');
                rest = after;
            } else {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        out
    }

    #[test]
    fn references_are_escaped_and_nothing_else() {
        assert_eq!(text("a ${HOME} b"), "a $${HOME} b");
        assert_eq!(text("$${HOME}"), "$$${HOME}");
        for same in ["$5 {x}", "${lower}", "${HOME", "$HOME", "${}", "ä$"] {
            assert_eq!(text(same), same);
        }
    }

    #[test]
    fn keys_that_would_be_looked_up_are_not_sent() {
        for looked_up in ["$OPENCLAW_GATEWAY_TOKEN", "secretref-env:HOME", "__env__:HOME"] {
            assert_eq!(key(looked_up), NO_KEY);
        }
        assert_eq!(key("${HOME}"), "$${HOME}");
        assert_eq!(key("sk-a$b"), "sk-a$b");
    }

    proptest! {
        #[test]
        fn whatever_the_text_openclaw_reads_it_as_it_was(original in r"([$]{0,3}\{?(HOME|_A1|low|Ö)?\}?){0,6}") {
            prop_assert_eq!(replaced(&text(&original)), original);
        }
    }
}
