//! The job board: what happens, what happened, why something waits, and who works.
//!
//! A user sees and moves his own jobs, an admin everybody's, both without payload; lanes, workers and schedules
//! are for admins. Row-level security decides; nothing here asks for more than the actor's scope.

mod act;
mod changes;
mod get;
mod lanes;
mod list;
mod prune;
mod schedules;
mod stats;
mod waits;
mod workers;

pub use act::{Acted, Action, Choice, act};
pub use changes::{Changes, follow};
pub use get::{Detail, get};
pub use lanes::{Lane, lanes, limit_lane, pause_lane, resume_lane};
pub use list::{Filter, Job, list};
pub use prune::prune;
pub use schedules::{Patch, Schedule, change_schedule, run_schedule, schedules};
pub(crate) use stats::Cached;
pub use stats::{Stats, stats};
pub use waits::Wait;
pub use workers::{Worker, workers};

use crate::{Cx, Result};
pub use ::jobs::JobState;
use ::jobs::board::Whose;
use domain::Actor;

/// Over whose jobs the actor's questions go.
fn whose(cx: &Cx) -> Result<Whose> {
    Ok(match cx.actor {
        Actor::Admin(_) => Whose::Everybodys,
        _ => Whose::Of(cx.user()?),
    })
}
