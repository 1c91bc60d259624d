//! The job board: which jobs wait, run and ended, why a job waits, and which workers there are.
//!
//! Users see and change their own jobs, admins all jobs, both without payload; lanes, workers and schedules
//! are for admins. Row-level security decides; nothing here asks for more than the actor's scope.

mod act;
mod changes;
mod get;
mod lanes;
mod list;
mod prune;
mod schedules;
mod stats;
mod wait_sentence;
mod workers;

pub use act::{Acted, Action, JobSelection, act};
pub use changes::{Changes, follow};
pub use get::{Detail, get};
pub use lanes::{Lane, lanes, limit_lane, pause_lane, resume_lane};
pub use list::{Filter, Job, list};
pub use prune::prune;
pub use schedules::{Patch, Schedule, change_schedule, run_schedule, schedules};
pub use stats::{Stats, stats};
pub use wait_sentence::Wait;
pub use workers::{Worker, workers};

use crate::{Cx, Result};
pub use ::jobs::JobState;
use ::jobs::board::OwnerFilter;
use domain::Actor;

/// The jobs that the actor's queries cover.
fn owner_filter(cx: &Cx) -> Result<OwnerFilter> {
    Ok(match cx.actor {
        Actor::Admin(_) => OwnerFilter::All,
        _ => OwnerFilter::User(cx.user()?),
    })
}
