//! The instance's own agents: each is the agent of an account that nobody signs in as.
//!
//! Owns which accounts those are and who may act for one. What such an account has (providers, agents, container,
//! chats …) it has by the same use-cases as everybody's: nothing here knows containers.

mod change;
mod create;
mod keep;
mod list;
mod remove;

pub use change::change;
pub use create::create;
pub use keep::keep;
pub(crate) use keep::kept;
pub use list::{Listed, list};
pub use remove::remove;

use domain::{Invalid, invalid};

/// Checks what one is for.
fn parse_purpose(text: &str) -> Result<String, Invalid> {
    if text.trim().is_empty() { Ok(String::new()) } else { invalid::line("purpose", text, 200) }
}
