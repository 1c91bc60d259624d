//! Turns: a message is stored, driven by the replica that accepted it, and followed from any replica.
//!
//! The path of a message: [`create`] stores it and ensures that the container runs. The [`drivers`] hold its lease and run
//! [`drive`]: wait for readiness, mark the message as sent, stream the answer. Followers ([`follow`]) read the log in this
//! process's memory, or the stored events of another process. If a driver dies, another process takes the turn over: it
//! sends the message if it was never sent, and otherwise recovers the answer from OpenClaw's history ([`recover`]). A
//! message is never sent twice.

mod create;
mod drive;
mod drivers;
mod follow;
mod hand_over;
mod outcome;
mod prepare;
mod recover;
mod save;
mod stream;
mod time_to_first_token;
mod tools;
mod wait_ready;

pub use crate::services::active_turns::{ErrorText, SequencedEvent, ToolCard, ToolStatus, TurnEvent, Usage};
pub use create::{NewTurn, create};
pub use drivers::run_drivers;
pub use follow::follow;

use crate::{Cx, Error, Result};
use domain::TurnId;
use store::{
    chats,
    turns::{self, Turn},
};

/// How long a driver holds a turn without renewing its lease.
pub(crate) const LEASE_SECONDS: f64 = 10.0;

/// The turn as stored. While it runs, its answer grows in the events and not here. The turns of a deleted chat cannot be
/// read any more.
pub async fn get(cx: &Cx, id: TurnId) -> Result<Turn> {
    let mut tx = cx.begin().await?;
    let turn = turns::get(&mut tx, id).await?.ok_or(Error::NotFound("turn"))?;
    chats::get(&mut tx, turn.chat_id).await?.ok_or(Error::NotFound("turn"))?;
    Ok(turn)
}

/// Requests a stop, whichever replica drives the turn. What has arrived is kept. A turn that has ended stays as it is.
pub async fn stop(cx: &Cx, id: TurnId) -> Result<()> {
    let mut tx = cx.begin().await?;
    turns::get(&mut tx, id).await?.ok_or(Error::NotFound("turn"))?;
    turns::request_stop(&mut tx, id).await?;
    tx.commit().await?;
    // If this process drives the turn, there is no need to wait for the notification.
    cx.services.active_turns.stop(id);
    Ok(())
}
