//! The workspace files that make an agent somebody.
//!
//! OpenClaw puts them into every prompt, clipped at its own caps, and says `[MISSING]` for one that is
//! not there; so all four are always written.

use super::{Agent, File};
use domain::Slug;

/// OpenClaw's cap for one file, in UTF-16 units.
const CAP: usize = 20_000;
/// Its cap for what is known of the user.
const USER_CAP: usize = 4_000;

const AGENTS: &str = "# AGENTS.md\n\n\
    This folder is your workspace: what you save here is kept. Other places are read-only or forgotten.\n\n\
    SOUL.md, IDENTITY.md and USER.md are set by your user in Mosaic; your changes to them are undone.\n\n\
    Never show keys or tokens, wherever you come across them.\n";

/// The agent's folder, as OpenClaw is told it.
pub(super) fn workspace(agent: &Slug) -> String {
    format!("/data/{}", folder(agent))
}

/// The same, below the container's state folder.
pub(super) fn folder(agent: &Slug) -> String {
    format!("workspace-{agent}")
}

/// The agent's files.
pub(super) fn files(agent: &Agent) -> [File; 4] {
    let texts = &agent.personality;
    let file = |name: &str, content: &str, cap: usize| File {
        path: format!("{}/{name}", folder(&agent.slug)),
        content: clip(content, cap).to_owned(),
    };
    let soul = said(&texts.soul, "Be helpful, honest and to the point.");
    let identity = format!("# Identity\n\nName: {}\n\n{}\n", agent.name, texts.identity.trim());
    let user = said(&texts.user, "Nothing is known about your user yet.");
    [
        file("AGENTS.md", AGENTS, CAP),
        file("IDENTITY.md", &identity, CAP),
        file("SOUL.md", &format!("# Soul\n\n{soul}\n"), CAP),
        file("USER.md", &format!("# User\n\n{user}\n"), USER_CAP),
    ]
}

fn said<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    let text = text.trim();
    if text.is_empty() { otherwise } else { text }
}

/// The longest beginning of `text` of at most `cap` UTF-16 units.
fn clip(text: &str, cap: usize) -> &str {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > cap {
            return &text[..at];
        }
    }
    text
}
