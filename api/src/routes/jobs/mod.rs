//! The job board: `/api/jobs`, and for admins `/api/lanes`, `/api/workers`, `/api/schedules`.

pub mod act;
pub mod events;
pub mod get;
pub mod lanes;
pub mod list;
pub mod schedules;
pub mod stats;
pub mod workers;

use crate::guards::{Caller, Jobs};
use fleet::Cx;

/// Whose jobs are shown: an admin in a browser sees all jobs. An API token sees only its owner's jobs, whatever their role.
fn board(caller: &Caller<Jobs>) -> Cx {
    match &caller.session {
        Some(_) => caller.cx.as_admin().unwrap_or_else(|_| caller.cx.clone()),
        None => caller.cx.clone(),
    }
}
