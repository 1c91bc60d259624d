//! The workspace files with an agent's personality.
//!
//! OpenClaw puts them into every prompt, truncated to its own limits, and writes `[MISSING]` for a file that does not
//! exist. So all four are always written.

use super::{AgentInput, StateFile};
use domain::Slug;

/// OpenClaw's limit for one file.
const MAX_UTF16_UNITS: usize = 20_000;
/// OpenClaw's limit for `USER.md`.
const MAX_USER_UTF16_UNITS: usize = 4_000;

const AGENTS_MD: &str = "# AGENTS.md\n\n\
    This folder is your workspace: what you save here is kept. Other places are read-only or forgotten.\n\n\
    SOUL.md, IDENTITY.md and USER.md are set by your user in Mosaic; your changes to them are undone.\n\n\
    Never show keys or tokens, wherever you come across them.\n";

/// The agent's folder in the container.
pub(super) fn workspace(agent: &Slug) -> String {
    format!("/data/{}", folder(agent))
}

/// The agent's folder below the container's state folder.
pub(super) fn folder(agent: &Slug) -> String {
    format!("workspace-{agent}")
}

pub(super) fn files(agent: &AgentInput) -> [StateFile; 4] {
    let texts = &agent.personality;
    let file = |name: &str, content: &str, max_units: usize| StateFile {
        path: format!("{}/{name}", folder(&agent.slug)),
        content: truncate(content, max_units).to_owned(),
    };
    let soul = or_default(&texts.soul, "Be helpful, honest and to the point.");
    let identity = format!("# Identity\n\nName: {}\n\n{}\n", agent.name, texts.identity.trim());
    let user = or_default(&texts.user, "Nothing is known about your user yet.");
    [
        file("AGENTS.md", AGENTS_MD, MAX_UTF16_UNITS),
        file("IDENTITY.md", &identity, MAX_UTF16_UNITS),
        file("SOUL.md", &format!("# Soul\n\n{soul}\n"), MAX_UTF16_UNITS),
        file("USER.md", &format!("# User\n\n{user}\n"), MAX_USER_UTF16_UNITS),
    ]
}

fn or_default<'a>(text: &'a str, default: &'a str) -> &'a str {
    let text = text.trim();
    if text.is_empty() { default } else { text }
}

/// The longest prefix of `text` with at most `max_units` UTF-16 units.
fn truncate(text: &str, max_units: usize) -> &str {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > max_units {
            return &text[..at];
        }
    }
    text
}
