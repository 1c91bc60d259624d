//! The end of a start that does not succeed: given up, or put off until the host is well again.

use super::{GRACE, StartFailure, admission, owner};
use crate::{Result, Services};
use domain::{ContainerId, containers::Containers, lifecycle::Desired, turn::Stage};
use store::containers::{self, ContainerObservation};

/// Stores that the start was given up, and why: whoever waits is told. What still runs of it is stopped, and its
/// place goes to the next one.
pub async fn fail_start(
    services: &Services,
    engine: &dyn Containers,
    id: ContainerId,
    failure: &StartFailure,
) -> Result<()> {
    let mut tx = services.store.system("a start was given up").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    if row.is_up() {
        // Another worker was luckier meanwhile.
        return Ok(());
    }
    drop(tx);
    if let Err(error) = engine.stop(&owner(services, &row), GRACE).await {
        tracing::warn!(%error, container = %id, "what is left of a start that failed could not be stopped");
    }
    let said = serde_json::to_value(failure).map_err(crate::Error::internal)?;
    let mut tx = services.store.system("a start was given up").await?;
    containers::observe(
        &mut tx,
        id,
        row.generation,
        &ContainerObservation::Failed { failure: said },
        &failure.title,
    )
    .await?;
    admission::wake_next_waiter(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Stores why the start has to wait for the host. It is asked for again by the sweep, by the messages that wait, and by
/// whoever wants it. Its place goes to another meanwhile, unless the engine cannot be asked whether it runs.
pub async fn defer_start(services: &Services, id: ContainerId, failure: &StartFailure) -> Result<()> {
    let mut tx = services.store.system("a start was put off").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    if row.is_up() || row.desired() != Desired::Running {
        return Ok(());
    }
    let sight = match failure.is_engine_away() {
        true => ContainerObservation::Stage(Stage::Queued),
        false => ContainerObservation::Deferred,
    };
    containers::observe(&mut tx, id, row.generation, &sight, &failure.detail).await?;
    admission::wake_next_waiter(&mut tx).await?;
    tx.commit().await?;
    tracing::warn!(container = %id, code = failure.code, "a start is put off until the host is well again");
    Ok(())
}
