//! Stop a container, pause it, or remove it so that the next start creates a new one.

use super::{STOP_TIMEOUT, StartFailure, admission, ensure_running, images, owner};
use crate::Services;
use domain::{
    ContainerId, UserId,
    containers::{Containers, Owner, RunState},
    lifecycle::Desired,
    turn::Stage,
};
use jobs::ActsFor;
use store::{
    containers::{self, ContainerObservation},
    images as rows,
};

/// Brings the container to the state that its row still wants: paused, stopped or removed.
///
/// `before_stop` runs while the container can still be asked, unless it is only paused. It cannot prevent the stop.
pub async fn reconcile_stop<F: Future<Output = ()>>(
    services: &Services,
    engine: &dyn Containers,
    id: ContainerId,
    before_stop: impl FnOnce(UserId) -> F,
) -> Result<(), StartFailure> {
    let mut tx = services.store.system("stop of a container").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    drop(tx);
    if matches!(row.desired, Desired::Stopped | Desired::Removed) {
        before_stop(row.user_id).await;
    }
    let owner = owner(services, &row);
    let observation = match row.desired {
        Desired::Running => return Ok(()),
        Desired::Paused => {
            engine.pause(&owner).await?;
            paused_or_stopped(engine, &owner).await?
        }
        Desired::Stopped => {
            engine.stop(&owner, STOP_TIMEOUT).await?;
            ContainerObservation::Stopped
        }
        Desired::Removed => {
            engine.stop(&owner, STOP_TIMEOUT).await?;
            engine.remove(&owner).await?;
            ContainerObservation::Absent
        }
    };
    let mut tx = services.store.system("stop of a container").await?;
    containers::observe(&mut tx, id, row.generation, &observation, "").await?;
    if matches!(observation, ContainerObservation::Absent) {
        containers::revoke_token(&mut tx, id, row.generation).await?;
    }
    // Started again while it was being stopped: a start that ran meanwhile may have met the old container.
    if containers::get(&mut tx, id).await?.is_some_and(|now| now.desired == Desired::Running) {
        ensure_running::enqueue_start(&mut tx, ActsFor::User(row.user_id), id).await?;
    }
    admission::wake_next_waiter(&mut tx).await?;
    tx.commit().await?;
    services.gateways.forget(id);
    Ok(())
}

/// A container that had ended before it could be paused is stopped.
async fn paused_or_stopped(
    engine: &dyn Containers,
    owner: &Owner,
) -> Result<ContainerObservation, StartFailure> {
    let state = engine.inspect(owner).await?.map(|observed| observed.state);
    Ok(if state == Some(RunState::Paused) {
        ContainerObservation::Paused
    } else {
        ContainerObservation::Stopped
    })
}

/// Removes the container, whatever runs in it, so that the next start creates it from the present image; its state volume
/// stays. `before_stop` runs while the container can still be asked; it cannot prevent the removal.
pub async fn discard<F: Future<Output = ()>>(
    services: &Services,
    engine: &dyn Containers,
    id: ContainerId,
    before_stop: impl FnOnce(UserId) -> F,
) -> Result<(), StartFailure> {
    let newest = images::resolve_newest(engine, &services.stored_settings().await?).await?;
    let mut tx = services.store.system("restart of a container").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    // No transaction is held while the container is asked.
    drop(tx);
    before_stop(row.user_id).await;
    let mut tx = services.store.system("restart of a container").await?;
    rows::request(&mut tx, id, &newest).await?;
    // From here on messages wait for the new container instead of going into the old one.
    let observation = ContainerObservation::Stage(Stage::Queued);
    containers::observe(&mut tx, id, row.generation, &observation, "It is being recreated.").await?;
    tx.commit().await?;
    let owner = owner(services, &row);
    engine.stop(&owner, STOP_TIMEOUT).await?;
    engine.remove(&owner).await?;
    let store = &services.store;
    store
        .run_system("restart of a container", async |tx| {
            containers::revoke_token(tx, id, row.generation).await
        })
        .await?;
    services.gateways.forget(id);
    Ok(())
}
