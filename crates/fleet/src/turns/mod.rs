//! Turns: a question is stored, driven by the replica that accepted it, and followed from anywhere.
//!
//! The path of a message: [`create`] stores it and wants the container running; the [`drivers`] hold
//! its lease and run [`drive`]: wait for readiness, mark as sent, stream. Followers ([`follow`]) read the
//! live log of this process or the stored events of another one. A turn whose driver died is taken
//! over: sent if it never was, otherwise settled from OpenClaw's own history ([`recover`]), never sent twice.

mod create;
mod drive;
mod drivers;
mod event;
mod first_words;
mod follow;
mod live;
mod read;
mod recover;
mod stop;
mod stream;
mod tools;
mod wait_ready;

pub(crate) use create::title;
pub use create::{NewTurn, create};
pub use drivers::Drivers;
pub(crate) use drivers::spawn;
pub use event::{ErrorText, Numbered, ToolCard, ToolStatus, TurnEvent, Usage};
pub use follow::follow;
pub use read::get;
pub use stop::stop;

use domain::ChatId;

/// Seconds a driver holds a turn without renewing.
pub(crate) const LEASE_SECONDS: f64 = 10.0;

/// The name of the OpenClaw session that a chat's branch runs in.
pub(crate) fn session_key(chat: ChatId, branch: i32) -> openclaw::SessionKey {
    openclaw::SessionKey::new(chat, u32::try_from(branch).unwrap_or_default())
}
