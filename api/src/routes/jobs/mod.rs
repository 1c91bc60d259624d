//! The job board: `/api/jobs`, and for admins `/api/lanes`, `/api/workers`, `/api/schedules`.

pub mod act;
pub mod events;
pub mod get;
pub mod lanes;
pub mod list;
pub mod schedules;
pub mod stats;
pub mod workers;

pub use super::tokens::Items;
use crate::guards::{Caller, Jobs};
use fleet::Cx;

/// In whose eyes the board is seen: an admin at his browser sees everybody's jobs. A token acts for its owner on
/// his own jobs, whatever his role.
fn board(caller: &Caller<Jobs>) -> Cx {
    match &caller.session {
        Some(_) => caller.cx.as_admin().unwrap_or_else(|_| caller.cx.clone()),
        None => caller.cx.clone(),
    }
}
