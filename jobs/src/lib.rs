//! What work exists and how it waits: the kinds of jobs with their policies, and the durable queue in
//! Postgres that holds them.
//!
//! Owns the SQL of its own tables (`jobs`, `job_attempts`, `job_phases`, `queues`, `workers`, `schedules`). It must not
//! do the work: handlers live in `workers`. [`engine`] is the half that claims and settles jobs, and the only
//! module here that knows apalis; everything else is what the rest of the product uses.

// Private to this workspace: where a name says it all, a comment would only repeat it.
#![allow(missing_docs)]

pub mod board;
pub mod cancel;
pub mod engine;
mod enqueue;
mod job;
pub mod kinds;
mod lane;
pub mod lanes;
pub mod metrics;
mod outcome;
mod policy;
pub mod prune;
pub mod schedules;
mod status;
mod wait_reason;
pub mod workers;

pub use enqueue::{ActsFor, Due, Enqueued, Options, enqueue};
pub use job::Job;
pub use lane::{Lane, Priority};
pub use outcome::Outcome;
pub use policy::{Policy, RetryBackoff};
pub use status::{
    AttemptOutcome, AttemptView, JOB_ENDED, JobState, JobView, PhaseView, QueuePosition, attempts, get,
    is_active, phases, queue_position, wait,
};
pub use wait_reason::{LaneStatus, WaitReason, wait_reason};
// The signatures of this crate name the store's transactions and its error.
pub use store::{Error, Result, Store, Tx};
