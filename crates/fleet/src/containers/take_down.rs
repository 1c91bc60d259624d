//! Take a container down, or remove it so that the next start makes a new one.

use super::{StartFailure, owner, wake};
use crate::{Services, conversations};
use domain::{ContainerId, containers::Containers, lifecycle::Desired, turn::Stage};
use jobs::ActsFor;
use std::time::Duration;
use store::containers::{self, Sight};

/// How long OpenClaw may take to end. An idle one needs two seconds; a running answer is cut, because
/// whoever stops a container wants it to be stopped.
const GRACE: Duration = Duration::from_secs(10);

/// Stops the container if that is still what is wanted.
pub async fn take_down(
    services: &Services,
    engine: &dyn Containers,
    id: ContainerId,
) -> Result<(), StartFailure> {
    let mut tx = services.store.system("stop of a container").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    drop(tx);
    if row.desired() == Desired::Running {
        return Ok(());
    }
    conversations::before_stop(services, row.user_id).await;
    let owner = owner(services, &row);
    engine.stop(&owner, GRACE).await?;
    let sight = if row.desired() == Desired::Removed {
        engine.remove(&owner).await?;
        Sight::Absent
    } else {
        Sight::Stopped
    };
    let mut tx = services.store.system("stop of a container").await?;
    containers::observe(&mut tx, id, row.generation, &sight, "").await?;
    if matches!(sight, Sight::Absent) {
        containers::revoke_token(&mut tx, id, row.generation).await?;
    }
    // Wanted again while it was being stopped: the start that ran meanwhile may have seen the old one end.
    if containers::get(&mut tx, id).await?.is_some_and(|now| now.desired() == Desired::Running) {
        wake::enqueue_start(&mut tx, ActsFor::User(row.user_id), id).await?;
    }
    tx.commit().await?;
    services.gateways.forget(id);
    Ok(())
}

/// Removes the container, whatever runs in it; its state volume stays.
pub async fn discard(
    services: &Services,
    engine: &dyn Containers,
    id: ContainerId,
) -> Result<(), StartFailure> {
    let mut tx = services.store.system("restart of a container").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    // Its own transaction: none is held while the container is asked.
    drop(tx);
    conversations::before_stop(services, row.user_id).await;
    let mut tx = services.store.system("restart of a container").await?;
    // From here on messages wait for the new one instead of going into the one that ends.
    containers::observe(&mut tx, id, row.generation, &Sight::Stage(Stage::Queued), "restart").await?;
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
