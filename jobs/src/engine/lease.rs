//! The leases this process holds, and telling their handlers to stop.
//!
//! A lease is renewed because its guard is alive here, not because a row says so: a claim whose answer was
//! lost on the way is not renewed, lapses, and is taken over.

use super::Claimed;
use crate::Lane;
use domain::JobId;
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// Why a handler is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Somebody cancelled the job.
    Cancelled,
    /// The process ends; the job will be handed back.
    Shutdown,
    /// Another worker has the job: whatever this one still does may collide.
    LeaseLost,
}

/// A claimed job with its lease.
#[derive(Debug)]
pub struct Leased {
    /// The job.
    pub job: Claimed,
    /// Kept alive until this is dropped.
    pub lease: Lease,
}

/// Which attempt of which job: the fence that everything written for a running job must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The job.
    pub job: JobId,
    /// Which claim of it, from 1.
    pub attempt: i32,
}

/// The right to run one attempt of a job. Dropped without being settled, the job is taken over when it lapses.
#[derive(Debug)]
pub struct Lease {
    ticket: Ticket,
    held: Held,
    leases: Arc<Leases>,
}

#[derive(Debug, Clone)]
struct Held {
    lane: Lane,
    token: CancellationToken,
    why: Arc<OnceLock<Stop>>,
}

impl Lease {
    /// What it is for.
    pub const fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Its lane.
    pub const fn lane(&self) -> Lane {
        self.held.lane
    }

    /// Cancelled when the handler must stop.
    pub const fn token(&self) -> &CancellationToken {
        &self.held.token
    }

    /// Why it must stop, `None` while it need not.
    pub fn stopped(&self) -> Option<Stop> {
        self.held.why.get().copied()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.map().remove(&self.ticket);
    }
}

/// All leases of the process.
#[derive(Debug, Default)]
pub(super) struct Leases {
    held: Mutex<HashMap<Ticket, Held>>,
}

impl Leases {
    fn map(&self) -> MutexGuard<'_, HashMap<Ticket, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` when this process runs that attempt already: a claim commits without waiting for the disk, so a
    /// Postgres that crashed may have forgotten it and handed it out again. The run under way is the attempt.
    pub(super) fn grant(self: &Arc<Self>, job: JobId, attempt: i32, lane: Lane) -> Option<Lease> {
        let held = Held { lane, token: CancellationToken::new(), why: Arc::default() };
        let ticket = Ticket { job, attempt };
        match self.map().entry(ticket) {
            Entry::Occupied(_) => None,
            Entry::Vacant(place) => {
                place.insert(held.clone());
                Some(Lease { ticket, held, leases: Arc::clone(self) })
            }
        }
    }

    pub(super) fn tickets(&self) -> Vec<Ticket> {
        self.map().keys().copied().collect()
    }

    pub(super) fn count(&self, lane: Lane) -> usize {
        self.map().values().filter(|held| held.lane == lane).count()
    }

    /// The first reason counts.
    pub(super) fn stop(&self, ticket: Ticket, why: Stop) {
        if let Some(held) = self.map().get(&ticket) {
            held.stop(why);
        }
    }

    pub(super) fn stop_job(&self, job: JobId, why: Stop) {
        self.map().iter().filter(|(ticket, _)| ticket.job == job).for_each(|(_, held)| held.stop(why));
    }

    pub(super) fn stop_all(&self, why: Stop) {
        self.map().values().for_each(|held| held.stop(why));
    }
}

impl Held {
    fn stop(&self, why: Stop) {
        // The reason first: whoever is woken by the token reads it.
        let _ = self.why.set(why);
        self.token.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Clock, SystemClock};

    #[test]
    fn an_attempt_that_runs_here_is_not_begun_a_second_time() {
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
