//! The turns that this process drives: how any use-case finds one, counts them and stops one.
//!
//! Owns the registry and the log of each turn in memory. What driving means is in `turns`.

mod active_turn;
mod event;

pub(crate) use active_turn::{ActiveTurn, UnsavedEvents};
pub use event::{ErrorText, SequencedEvent, ToolCard, ToolStatus, TurnEvent, Usage};

use domain::TurnId;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

type Registry = Mutex<HashMap<TurnId, Arc<ActiveTurn>>>;

/// The turns that this process drives.
#[derive(Debug, Default)]
pub(crate) struct ActiveTurns {
    turns: Arc<Registry>,
    drivers: TaskTracker,
    shutdown: CancellationToken,
}

impl ActiveTurns {
    /// Registers a turn for as long as its driver runs. The caller spawns the returned future, which ends when the driver
    /// ends or with [`ActiveTurns::end_drivers`].
    pub(crate) fn track(
        &self,
        active: Arc<ActiveTurn>,
        driver: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let shutdown = self.shutdown.clone();
        self.turns.lock().insert(active.lease.turn, Arc::clone(&active));
        let counted = telemetry::DRIVEN_TURNS.track_in_flight([]);
        let guard = DriverGuard { turns: Arc::clone(&self.turns), active, _counted: counted };
        self.drivers.track_future(async move {
            let _guard = guard;
            tokio::select! {
                () = driver => {}
                () = shutdown.cancelled() => {}
            }
        })
    }

    /// Ends all drivers and waits until they have ended: nothing is pushed to their turns any more. Returns these turns.
    pub(crate) async fn end_drivers(&self) -> Vec<Arc<ActiveTurn>> {
        let turns = self.all();
        self.shutdown.cancel();
        self.drivers.close();
        self.drivers.wait().await;
        turns
    }

    pub(crate) fn find(&self, id: TurnId) -> Option<Arc<ActiveTurn>> {
        self.turns.lock().get(&id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<ActiveTurn>> {
        self.turns.lock().values().cloned().collect()
    }

    pub(crate) fn ids(&self) -> Vec<TurnId> {
        self.turns.lock().keys().copied().collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.turns.lock().len()
    }

    /// Stops a turn, if this process drives it.
    pub(crate) fn stop(&self, id: TurnId) {
        if let Some(turn) = self.find(id) {
            turn.stop.cancel();
        }
    }
}

/// However a driver ends, also by a panic, the lease of its turn is not renewed any longer.
struct DriverGuard {
    turns: Arc<Registry>,
    active: Arc<ActiveTurn>,
    _counted: telemetry::InFlight,
}

impl Drop for DriverGuard {
    fn drop(&mut self) {
        self.turns.lock().remove(&self.active.lease.turn);
        self.active.lease_lost.cancel();
    }
}
