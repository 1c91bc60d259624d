//! What work exists and how it waits: the kinds of jobs with their policies, and the durable queue in
//! Postgres that holds them.
//!
//! Owns the SQL of its own tables (`jobs`, `job_attempts`, `job_phases`, `queues`, `workers`, `schedules`). It must not
//! do the work: handlers live in `workers`. [`engine`] is the half that takes and settles jobs and the only
//! place here that knows apalis; everything else is what the rest of the product uses.

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
mod standing;
mod status;
pub mod workers;

pub use enqueue::{ActsFor, Due, Enqueued, Options, enqueue};
pub use job::Job;
pub use lane::{Lane, Priority};
pub use outcome::Outcome;
pub use policy::{Backoff, Policy};
pub use standing::{LaneStanding, is_active, standing};
pub use status::{
    AttemptView, JOB_ENDED, JobState, JobView, PhaseView, QueuePosition, attempts, get, phases,
    queue_position, wait,
};
// Enqueueing speaks of the store's transactions and the engine of its connection.
pub use store::{Error, Result, Store, Tx};
