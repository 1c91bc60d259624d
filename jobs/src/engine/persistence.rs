//! apalis's `Persistence` over the table `jobs`, for one lane.
//!
//! `fetch_next` waits inside until there is something to take, so that no wake-up can be lost between an
//! empty fetch and a strategy that polls it again. The claim itself runs apart from the fetch, because apalis
//! drops a fetch when a worker stops: what was claimed then waits in the lane's `arrived`.

use super::{Engine, LaneState, Leased, Verdict, claim, heartbeat, jittered};
use crate::Lane;
use apalis_core::{
    backend::persistence::{Persistence, TaskEvent},
    task::Task,
    worker::context::WorkerContext,
};
use std::{sync::PoisonError, time::Duration};

/// Shortest pause before looking again for a job that is due and was not to be had (another worker is just
/// taking it).
const OVERDUE_PAUSE: Duration = Duration::from_millis(10);

/// What this persistence does not do for apalis.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A job is enqueued in the transaction that makes it necessary: [`crate::enqueue`].
    #[error("jobs are enqueued by jobs::enqueue, never through a worker's backend")]
    Push,
}

/// The lane of a worker.
#[derive(Debug, Clone)]
pub struct LanePersistence {
    engine: Engine,
    lane: Lane,
    troubles: u32,
}

impl LanePersistence {
    pub(super) const fn new(engine: Engine, lane: Lane) -> Self {
        Self { engine, lane, troubles: 0 }
    }

    fn state(&self) -> Option<&LaneState> {
        self.engine.inner.lanes.get(&self.lane)
    }

    /// Slots that no job of this process holds. apalis asks only when a slot is free.
    fn free(&self) -> usize {
        let slots = self.engine.profile().lanes.get(&self.lane).map_or(1, |slots| slots.get());
        slots.saturating_sub(self.engine.inner.leases.count(self.lane)).max(1)
    }

    /// Claims into `arrived` and takes what is there. Whether the database answered is noted in `troubles`.
    async fn take(&mut self) -> Vec<Leased> {
        let Some(state) = self.state() else { return Vec::new() };
        let earlier = state.take_arrived();
        if !earlier.is_empty() {
            return earlier;
        }
        let (engine, lane, limit) = (self.engine.clone(), self.lane, self.free());
        let claimed = self.engine.inner.claims.spawn(async move {
            let jobs = claim::claim(&engine, lane, limit).await?;
            if let Some(state) = engine.inner.lanes.get(&lane) {
                state.arrived.lock().unwrap_or_else(PoisonError::into_inner).extend(jobs);
            }
            crate::Result::Ok(())
        });
        match claimed.await {
            Ok(Ok(())) => self.troubles = 0,
            Ok(Err(error)) => self.trouble(&error),
            Err(error) => self.trouble(&error),
        }
        self.state().map(LaneState::take_arrived).unwrap_or_default()
    }

    fn trouble(&mut self, error: &dyn std::error::Error) {
        self.troubles = self.troubles.saturating_add(1);
        if self.troubles == 1 {
            tracing::warn!(%error, lane = %self.lane, "cannot take jobs; trying again until it works");
        }
    }

    /// Until a notification, the next due time or the poll, whichever is first.
    async fn idle(&mut self) {
        let Some(state) = self.engine.inner.lanes.get(&self.lane) else {
            return std::future::pending().await;
        };
        if self.troubles > 0 {
            let pause = Duration::from_millis(100) * 2_u32.pow(self.troubles.min(6));
            return tokio::time::sleep(jittered(pause)).await;
        }
        let poll = jittered(self.engine.profile().poll);
        let pause = match claim::next_due(&self.engine, self.lane).await {
            Ok(Some(due)) => due.clamp(OVERDUE_PAUSE.min(poll), poll),
            Ok(None) => poll,
            Err(error) => {
                self.troubles = 1;
                tracing::debug!(%error, lane = %self.lane, "cannot ask for the next due time");
                return;
            }
        };
        tokio::select! {
            () = state.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl Persistence for LanePersistence {
    type Compact = Leased;
    type Response = ();
    type Error = Refused;

    async fn register(&mut self, worker: &WorkerContext) -> Result<(), Refused> {
        if worker.restarts() > 0 {
            // A fault that ends workers at once must not become a busy loop.
            tokio::time::sleep(jittered(Duration::from_secs(1))).await;
        }
        // Best effort: the heartbeat says the same a moment later.
        if let Err(error) = heartbeat::renew(&self.engine).await {
            tracing::warn!(%error, lane = %self.lane, "cannot register the worker yet");
        }
        Ok(())
    }

    /// Nothing: apalis does not beat while it fetches or drains, so leases are renewed by [`Engine::keep`].
    async fn heartbeat(&mut self, _worker: &WorkerContext) -> Result<(), Refused> {
        Ok(())
    }

    async fn fetch_next(&mut self, _worker: &WorkerContext) -> Result<Vec<Task<Leased>>, Refused> {
        loop {
            let jobs = self.take().await;
            if !jobs.is_empty() {
                return Ok(jobs.into_iter().map(Task::new).collect());
            }
            self.idle().await;
        }
    }

    async fn reenqueue_abandoned(
        &mut self,
        tasks: Vec<Task<Leased>>,
        _worker: &WorkerContext,
    ) -> Result<u64, Refused> {
        let count = tasks.len();
        for task in tasks {
            self.engine.settle(&task.args.lease, Verdict::Returned).await;
        }
        Ok(count as u64)
    }

    /// Nothing: results are recorded by [`Engine::settle`] before apalis hears of them.
    async fn handle_events(&mut self, _: Vec<TaskEvent<()>>, _: &WorkerContext) -> Result<(), Refused> {
        Ok(())
    }

    async fn push_tasks(&mut self, _tasks: Vec<Task<Leased>>) -> Result<(), Refused> {
        Err(Refused::Push)
    }
}
