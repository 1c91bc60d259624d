//! Saves the events that active turns have pushed.

use crate::{
    Result, Services,
    services::active_turns::{ActiveTurn, UnsavedEvents},
};
use std::{sync::Arc, time::Duration};
use store::events;
use tokio::sync::OwnedMutexGuard;

/// The pause after a save that failed.
pub(super) const RETRY_DELAY: Duration = Duration::from_millis(500);

/// Saves the new events of these turns with one statement. A turn that is just ending saves its own. If this fails or is
/// cancelled, the events stay unsaved.
pub(super) async fn save_new_events(services: &Services, turns: &[Arc<ActiveTurn>]) -> Result<()> {
    let locked: Vec<(OwnedMutexGuard<()>, &ActiveTurn)> =
        turns.iter().filter_map(|active| Some((active.try_write_lock()?, &**active))).collect();
    let unsaved: Vec<UnsavedEvents<'_>> = locked
        .iter()
        .map(|(_, active)| active.drain_unsaved())
        .filter(|unsaved| !unsaved.events().is_empty())
        .collect();
    if unsaved.is_empty() {
        return Ok(());
    }
    let new_events: Vec<_> = unsaved.iter().flat_map(UnsavedEvents::events).cloned().collect();
    let mut tx = services.store.system("events of driven turns").await?;
    tx.relax_durability().await?;
    events::append(&mut tx, &new_events).await?;
    tx.commit().await?;
    unsaved.into_iter().for_each(UnsavedEvents::discard);
    Ok(())
}
