//! The leases that this process holds, and how their handlers are told to stop.
//!
//! A lease is renewed while its guard lives in this process, not because of what a row says: a claim whose answer
//! was lost on the way is not renewed, lapses, and is taken over.

use crate::Lane;
use domain::JobId;
use parking_lot::Mutex;
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, OnceLock},
};
use tokio_util::sync::CancellationToken;

/// Why a handler must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The job was cancelled.
    Cancelled,
    /// The process ends; the job will be handed back.
    Shutdown,
    /// Another worker has the job: whatever this one still does may collide.
    LeaseLost,
}

/// Which attempt of which job: the fence that every write for a running job must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttemptId {
    pub job: JobId,
    /// Counts claims, from 1.
    pub attempt: i32,
}

/// The right to run one attempt of a job. If it is dropped without being settled, it lapses and the job is taken
/// over.
#[derive(Debug)]
pub struct Lease {
    attempt_id: AttemptId,
    held: HeldLease,
    leases: Arc<Leases>,
}

#[derive(Debug, Clone)]
struct HeldLease {
    lane: Lane,
    token: CancellationToken,
    stop_reason: Arc<OnceLock<StopReason>>,
}

impl Lease {
    pub const fn attempt_id(&self) -> AttemptId {
        self.attempt_id
    }

    pub const fn lane(&self) -> Lane {
        self.held.lane
    }

    /// Cancelled when the handler must stop.
    pub const fn token(&self) -> &CancellationToken {
        &self.held.token
    }

    /// Why the handler must stop; `None` as long as it need not.
    pub fn stop_reason(&self) -> Option<StopReason> {
        self.held.stop_reason.get().copied()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.held.lock().remove(&self.attempt_id);
    }
}

/// All leases of the process.
#[derive(Debug, Default)]
pub(super) struct Leases {
    held: Mutex<HashMap<AttemptId, HeldLease>>,
}

impl Leases {
    /// `None` if this process runs that attempt already: a claim commits without waiting for the disk, so after a
    /// crash Postgres may have forgotten it and handed it out again. The run in progress is the attempt.
    pub(super) fn grant(self: &Arc<Self>, job: JobId, attempt: i32, lane: Lane) -> Option<Lease> {
        let held = HeldLease { lane, token: CancellationToken::new(), stop_reason: Arc::default() };
        let attempt_id = AttemptId { job, attempt };
        match self.held.lock().entry(attempt_id) {
            Entry::Occupied(_) => None,
            Entry::Vacant(entry) => {
                entry.insert(held.clone());
                Some(Lease { attempt_id, held, leases: Arc::clone(self) })
            }
        }
    }

    pub(super) fn attempt_ids(&self) -> Vec<AttemptId> {
        self.held.lock().keys().copied().collect()
    }

    pub(super) fn count(&self, lane: Lane) -> usize {
        self.held.lock().values().filter(|held| held.lane == lane).count()
    }

    pub(super) fn stop(&self, attempt_id: AttemptId, reason: StopReason) {
        if let Some(held) = self.held.lock().get(&attempt_id) {
            held.stop(reason);
        }
    }

    pub(super) fn stop_job(&self, job: JobId, reason: StopReason) {
        self.held.lock().iter().filter(|(id, _)| id.job == job).for_each(|(_, held)| held.stop(reason));
    }

    pub(super) fn stop_all(&self, reason: StopReason) {
        self.held.lock().values().for_each(|held| held.stop(reason));
    }
}

impl HeldLease {
    /// The first reason counts.
    fn stop(&self, reason: StopReason) {
        // Before the token: the task that it wakes reads the reason.
        let _ = self.stop_reason.set(reason);
        self.token.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Clock, SystemClock};

    #[test]
    fn an_attempt_that_is_running_here_is_not_started_a_second_time() {
        let leases = Arc::<Leases>::default();
        let job = JobId::new(SystemClock.now());
        let lane = Lane::Containers;
        let first = leases.grant(job, 1, lane);
        assert!(first.is_some() && leases.grant(job, 1, lane).is_none());
        assert!(leases.grant(job, 2, lane).is_some(), "another attempt is another run");
        drop(first);
        assert!(leases.grant(job, 1, lane).is_some());
    }
}
