//! apalis's `Persistence` over the table `jobs`, for one lane.
//!
//! `fetch_next` waits inside until a job can be claimed, so that no wake-up is lost between an empty fetch and the
//! next one. The claim itself runs in a task of its own, because apalis drops a fetch when a worker stops: the
//! claimed jobs then wait in the lane's `claimed_buffer`.

use super::{AttemptResult, Engine, LaneState, LeasedJob, claim, heartbeat, jittered};
use crate::Lane;
use apalis_core::{
    backend::persistence::{Persistence, TaskEvent},
    task::Task,
    worker::context::WorkerContext,
};
use std::time::Duration;

/// Pause before the next claim if a job is due but could not be claimed (another worker is claiming it).
const MIN_CLAIM_INTERVAL: Duration = Duration::from_millis(10);
/// Pause after an error of the database, doubled once for each error in a row.
const BASE_ERROR_DELAY: Duration = Duration::from_millis(100);
const MAX_ERROR_DELAY_DOUBLINGS: u32 = 6;
/// A fault that ends a lane's worker at once must not become a busy loop.
const WORKER_RESTART_DELAY: Duration = Duration::from_secs(1);

/// What this backend does not offer to apalis.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// A job is enqueued in the transaction that makes it necessary: [`crate::enqueue`].
    #[error("jobs are enqueued by jobs::enqueue, never through a worker's backend")]
    PushUnsupported,
}

/// The jobs of one lane.
#[derive(Debug, Clone)]
pub struct LanePersistence {
    engine: Engine,
    lane: Lane,
    consecutive_errors: u32,
}

impl LanePersistence {
    pub(super) const fn new(engine: Engine, lane: Lane) -> Self {
        Self { engine, lane, consecutive_errors: 0 }
    }

    fn state(&self) -> Option<&LaneState> {
        self.engine.inner.lanes.get(&self.lane)
    }

    /// Slots that no job of this process occupies. apalis only asks if a slot is free.
    fn free_slots(&self) -> usize {
        let slots = self.engine.profile().lanes.get(&self.lane).map_or(1, |slots| slots.get());
        slots.saturating_sub(self.engine.inner.leases.count(self.lane)).max(1)
    }

    /// Returns the jobs in the buffer. If it is empty, claims jobs first and records whether the database answered.
    async fn claim(&mut self) -> Vec<LeasedJob> {
        let Some(state) = self.state() else { return Vec::new() };
        let buffered = state.take_claimed();
        if !buffered.is_empty() {
            return buffered;
        }
        let (engine, lane, limit) = (self.engine.clone(), self.lane, self.free_slots());
        let claimed = self.engine.inner.claims.spawn(async move {
            let jobs = claim::claim(&engine, lane, limit).await?;
            if let Some(state) = engine.inner.lanes.get(&lane) {
                state.claimed_buffer.lock().extend(jobs);
            }
            Ok::<_, crate::Error>(())
        });
        match claimed.await {
            Ok(Ok(())) => self.consecutive_errors = 0,
            Ok(Err(error)) => self.note_error(&error),
            Err(error) => self.note_error(&error),
        }
        self.state().map(LaneState::take_claimed).unwrap_or_default()
    }

    fn note_error(&mut self, error: &dyn std::error::Error) {
        self.consecutive_errors = self.consecutive_errors.saturating_add(1);
        if self.consecutive_errors == 1 {
            tracing::warn!(%error, lane = %self.lane, "cannot claim jobs; trying again until it works");
        }
    }

    /// Waits for a notification, the next due time or the poll interval, whichever comes first.
    async fn wait_for_work(&mut self) {
        let Some(state) = self.engine.inner.lanes.get(&self.lane) else {
            return std::future::pending().await;
        };
        if self.consecutive_errors > 0 {
            let doublings = self.consecutive_errors.min(MAX_ERROR_DELAY_DOUBLINGS);
            return tokio::time::sleep(jittered(BASE_ERROR_DELAY * 2_u32.pow(doublings))).await;
        }
        let poll_interval = jittered(self.engine.profile().poll_interval);
        let pause = match claim::next_due(&self.engine, self.lane).await {
            Ok(Some(due)) => due.clamp(MIN_CLAIM_INTERVAL.min(poll_interval), poll_interval),
            Ok(None) => poll_interval,
            Err(error) => {
                self.consecutive_errors = 1;
                tracing::debug!(%error, lane = %self.lane, "cannot read the next due time");
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
    type Compact = LeasedJob;
    type Response = ();
    type Error = BackendError;

    async fn register(&mut self, worker: &WorkerContext) -> Result<(), BackendError> {
        if worker.restarts() > 0 {
            tokio::time::sleep(jittered(WORKER_RESTART_DELAY)).await;
        }
        // Best effort: the next heartbeat registers the worker too.
        if let Err(error) = heartbeat::renew(&self.engine).await {
            tracing::warn!(%error, lane = %self.lane, "cannot register the worker yet");
        }
        Ok(())
    }

    /// Nothing: apalis calls this neither while it fetches nor while it drains, so [`Engine::run_background`] renews
    /// the leases.
    async fn heartbeat(&mut self, _worker: &WorkerContext) -> Result<(), BackendError> {
        Ok(())
    }

    async fn fetch_next(&mut self, _worker: &WorkerContext) -> Result<Vec<Task<LeasedJob>>, BackendError> {
        loop {
            let jobs = self.claim().await;
            if !jobs.is_empty() {
                return Ok(jobs.into_iter().map(Task::new).collect());
            }
            self.wait_for_work().await;
        }
    }

    async fn reenqueue_abandoned(
        &mut self,
        tasks: Vec<Task<LeasedJob>>,
        _worker: &WorkerContext,
    ) -> Result<u64, BackendError> {
        let count = tasks.len();
        for task in tasks {
            self.engine.settle(&task.args.lease, AttemptResult::Returned).await;
        }
        Ok(count as u64)
    }

    /// Nothing: [`Engine::settle`] has recorded the results before apalis gets them.
    async fn handle_events(&mut self, _: Vec<TaskEvent<()>>, _: &WorkerContext) -> Result<(), BackendError> {
        Ok(())
    }

    async fn push_tasks(&mut self, _tasks: Vec<Task<LeasedJob>>) -> Result<(), BackendError> {
        Err(BackendError::PushUnsupported)
    }
}
