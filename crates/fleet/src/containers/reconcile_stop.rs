//! Take a container crash, freeze it, or remove it so that the next start makes a new one.

use super::{GRACE, StartFailure, admission, ensure_running, images, owner};
use crate::{Services, conversations, settings};
use domain::{
    ContainerId,
    containers::{Containers, Owner, RunState},
    lifecycle::Desired,
    turn::Stage,
};
use jobs::ActsFor;
use store::{
    containers::{self, ContainerObservation},
    images as rows,
};

/// Brings the container to the rest that is still wanted.
pub async fn reconcile_stop(
    services: &Services,
    engine: &dyn Containers,
    id: ContainerId,
) -> Result<(), StartFailure> {
    let mut tx = services.store.system("stop of a container").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    drop(tx);
    if matches!(row.desired(), Desired::Stopped | Desired::Removed) {
        conversations::before_stop(services, row.user_id).await;
    }
    let owner = owner(services, &row);
    let sight = match row.desired() {
        Desired::Running => return Ok(()),
        Desired::Paused => {
            engine.pause(&owner).await?;
            paused_or_down(engine, &owner).await?
        }
        Desired::Stopped => {
            engine.stop(&owner, GRACE).await?;
            ContainerObservation::Stopped
        }
        Desired::Removed => {
            engine.stop(&owner, GRACE).await?;
            engine.remove(&owner).await?;
            ContainerObservation::Absent
        }
    };
    let mut tx = services.store.system("stop of a container").await?;
    containers::observe(&mut tx, id, row.generation, &sight, "").await?;
    if matches!(sight, ContainerObservation::Absent) {
        containers::revoke_token(&mut tx, id, row.generation).await?;
    }
    // Wanted again while it was being stopped: the start that ran meanwhile may have seen the old one end.
    if containers::get(&mut tx, id).await?.is_some_and(|now| now.desired() == Desired::Running) {
        ensure_running::enqueue_start(&mut tx, ActsFor::User(row.user_id), id).await?;
    }
    admission::wake_next_waiter(&mut tx).await?;
    tx.commit().await?;
    services.gateways.forget(id);
    Ok(())
}

/// One that had ended before it could be frozen rests deeper.
async fn paused_or_down(
    engine: &dyn Containers,
    owner: &Owner,
) -> Result<ContainerObservation, StartFailure> {
    let state = engine.inspect(owner).await?.map(|seen| seen.state);
    Ok(if state == Some(RunState::Paused) {
        ContainerObservation::Paused
    } else {
        ContainerObservation::Stopped
    })
}

/// Removes the container, whatever runs in it, so that the next start makes it from the present image; its state
/// volume stays.
pub async fn discard(
    services: &Services,
    engine: &dyn Containers,
    id: ContainerId,
) -> Result<(), StartFailure> {
    let newest = images::look(engine, &settings::read(&services.store).await?).await?;
    let mut tx = services.store.system("restart of a container").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    // Its own transaction: none is held while the container is asked.
    drop(tx);
    conversations::before_stop(services, row.user_id).await;
    let mut tx = services.store.system("restart of a container").await?;
    rows::ask(&mut tx, id, &newest).await?;
    // From here on messages wait for the new one instead of going into the one that ends.
    containers::observe(
        &mut tx,
        id,
        row.generation,
        &ContainerObservation::Stage(Stage::Queued),
        "It is made anew.",
    )
    .await?;
    tx.commit().await?;
    let owner = owner(services, &row);
    engine.stop(&owner, GRACE).await?;
    engine.remove(&owner).await?;
    let mut tx = services.store.system("restart of a container").await?;
    containers::revoke_token(&mut tx, id, row.generation).await?;
    tx.commit().await?;
    services.gateways.forget(id);
    Ok(())
}
