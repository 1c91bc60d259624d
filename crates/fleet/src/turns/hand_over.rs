//! Hands turns over when the process ends, so that another replica continues them at once.

use super::save::{RETRY_DELAY, save_new_events};
use crate::{
    Services,
    services::active_turns::{ActiveTurn, ActiveTurns},
};
use std::{sync::Arc, time::Duration};
use store::turns;
use tokio::time::{sleep, timeout};

/// How long to try to save the last events. Shorter than the leases, which are not renewed any more.
const FINAL_SAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Hands over the turns that this process still drives.
pub(super) async fn hand_over(services: &Services) {
    let save = async |turns: &[Arc<ActiveTurn>]| save_last_events(services, turns).await;
    let release = async |turns: &[Arc<ActiveTurn>]| release_leases(services, turns).await;
    end_save_release(&services.active_turns, save, release).await;
}

/// Ends all drivers, saves their last events, and then releases their leases. The order matters: a driver may push events
/// until it has ended, and the events of a process whose lease is released are not accepted once the turn is taken over.
async fn end_save_release(
    active_turns: &ActiveTurns,
    save: impl AsyncFnOnce(&[Arc<ActiveTurn>]),
    release: impl AsyncFnOnce(&[Arc<ActiveTurn>]),
) {
    let turns = active_turns.end_drivers().await;
    if turns.is_empty() {
        return;
    }
    save(&turns).await;
    release(&turns).await;
}

/// Tries again for a while if the database is unavailable.
async fn save_last_events(services: &Services, turns: &[Arc<ActiveTurn>]) {
    let saved = timeout(FINAL_SAVE_TIMEOUT, async {
        while let Err(error) = save_new_events(services, turns).await {
            tracing::warn!(%error, "the last events of turns could not be saved; trying again");
            sleep(RETRY_DELAY).await;
        }
    });
    if saved.await.is_err() {
        tracing::error!(turns = turns.len(), "the last events of turns are lost");
    }
}

async fn release_leases(services: &Services, turns: &[Arc<ActiveTurn>]) {
    let released: store::Result<()> = services
        .store
        .run_system("hand over turns", async |tx| {
            for active in turns {
                turns::release(tx, active.lease).await?;
            }
            Ok(())
        })
        .await;
    if let Err(error) = released {
        tracing::warn!(%error, "leases of turns could not be released; they lapse by themselves");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{services::active_turns::TurnEvent, tasks};
    use domain::TurnId;
    use parking_lot::Mutex;
    use store::turns::Lease;

    /// Pushes a delta when it is dropped, as a driver may until it has ended.
    struct LastDelta(Arc<ActiveTurn>);

    impl Drop for LastDelta {
        fn drop(&mut self) {
            self.0.push(&TurnEvent::Delta { text: "last".to_owned() });
        }
    }

    #[tokio::test]
    async fn all_that_was_streamed_is_saved_before_leases_are_released() {
        let active_turns = ActiveTurns::default();
        let id = TurnId::new(chrono::DateTime::UNIX_EPOCH);
        let active = Arc::new(ActiveTurn::new(Lease { turn: id, fence: 1 }));
        let last = LastDelta(Arc::clone(&active));
        active.push(&TurnEvent::Delta { text: "first ".to_owned() });
        tasks::spawn(active_turns.track(active, async move {
            let _last = last;
            std::future::pending::<()>().await;
        }));
        tokio::task::yield_now().await;
        assert_eq!(active_turns.count(), 1);

        let saved = Mutex::new(String::new());
        let save = async |turns: &[Arc<ActiveTurn>]| {
            for active in turns {
                let unsaved = active.drain_unsaved();
                let deltas = unsaved.events().iter().filter_map(|event| event.data["text"].as_str());
                saved.lock().extend(deltas);
                unsaved.discard();
            }
        };
        let release = async |turns: &[Arc<ActiveTurn>]| {
            assert_eq!(turns.iter().map(|active| active.lease.turn).collect::<Vec<_>>(), [id]);
            assert_eq!(*saved.lock(), "first last", "before the lease is released");
        };
        end_save_release(&active_turns, save, release).await;
        assert_eq!(*saved.lock(), "first last");
        assert_eq!(active_turns.count(), 0);
    }
}
