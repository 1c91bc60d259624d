//! The end of a start that does not succeed: failed, or deferred until the host is well again.

use super::{STOP_TIMEOUT, StartFailure, admission, owner};
use crate::{Result, Services};
use domain::{ContainerId, containers::Containers, lifecycle::Desired, turn::Stage};
use store::containers::{self, ContainerObservation};

/// Stores that the start failed, and why: a user who waits is told. A container that still runs is stopped, and its memory
/// goes to the next start.
pub async fn fail_start(
    services: &Services,
    engine: &dyn Containers,
    id: ContainerId,
    failure: &StartFailure,
) -> Result<()> {
    let mut tx = services.store.system("a start failed").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    if row.is_up() {
        // Another worker succeeded meanwhile.
        return Ok(());
    }
    drop(tx);
    if let Err(error) = engine.stop(&owner(services, &row), STOP_TIMEOUT).await {
        tracing::warn!(%error, container = %id, "the container of a failed start could not be stopped");
    }
    let stored = serde_json::to_value(failure).map_err(crate::Error::internal)?;
    let observation = ContainerObservation::Failed { failure: stored };
    let mut tx = services.store.system("a start failed").await?;
    containers::observe(&mut tx, id, row.generation, &observation, &failure.title).await?;
    admission::wake_next_waiter(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Stores why the start has to wait for the host. The sweep, messages that wait, and any request enqueue it again. Its
/// memory goes to another start meanwhile, unless the engine cannot say whether it runs.
pub async fn defer_start(services: &Services, id: ContainerId, failure: &StartFailure) -> Result<()> {
    let mut tx = services.store.system("a start is deferred").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    if row.is_up() || row.desired != Desired::Running {
        return Ok(());
    }
    let observation = match failure.is_engine_away() {
        true => ContainerObservation::Stage(Stage::Queued),
        false => ContainerObservation::Deferred,
    };
    containers::observe(&mut tx, id, row.generation, &observation, &failure.detail).await?;
    admission::wake_next_waiter(&mut tx).await?;
    tx.commit().await?;
    tracing::warn!(container = %id, code = failure.code, "a start is deferred until the host is well again");
    Ok(())
}
