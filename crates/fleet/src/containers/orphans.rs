//! Orphans: containers, networks and volumes that bear this instance's labels and have no row.
//!
//! A state volume goes only where the deletion of its owner was requested: a database that was restored from an older
//! backup must not cost a younger user what their agents remember.

use super::failure::engine_error;
use crate::{Result, Services};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ContainerId, UserId,
    containers::{ContainerError, ContainerState, Containers, OwnedResource, OwnedResourceKind, Owner},
};
use std::collections::HashSet;
use store::{audit, containers::Container, users};
use uuid::Uuid;

/// Younger ones are left alone: a probe of the instance itself may be using them.
const MIN_ORPHAN_AGE: TimeDelta = TimeDelta::minutes(1);

/// Removes them. Answers how many.
pub(super) async fn remove(
    services: &Services,
    engine: &dyn Containers,
    observed: &[ContainerState],
    rows: &[Container],
) -> Result<usize> {
    let known: HashSet<ContainerId> = rows.iter().map(|row| row.id).collect();
    let users: HashSet<UserId> = rows.iter().map(|row| row.user_id).collect();
    let mut removed = 0;
    for orphan in observed.iter().filter(|orphan| !known.contains(&orphan.owner.container)) {
        if is_old(services, orphan.created_at) {
            removed += count_removed("container", orphan.owner.user, engine.remove(&orphan.owner).await);
        }
    }
    let resources = engine.owned_resources(services.instance).await.map_err(engine_error)?;
    for resource in resources.into_iter().filter(|resource| !users.contains(&resource.user)) {
        if is_old(services, resource.created_at) {
            removed += remove_resource(services, engine, resource).await?;
        }
    }
    Ok(removed)
}

async fn remove_resource(
    services: &Services,
    engine: &dyn Containers,
    OwnedResource { user, kind, .. }: OwnedResource,
) -> Result<usize> {
    // The labels of networks and volumes name no container.
    let owner = Owner { instance: services.instance, user, container: ContainerId::from(Uuid::nil()) };
    Ok(match kind {
        OwnedResourceKind::Network => count_removed("network", user, engine.remove_network(&owner).await),
        OwnedResourceKind::Volume if was_deletion_requested(services, user).await? => {
            count_removed("volume", user, engine.remove_volume(&owner).await)
        }
        OwnedResourceKind::Volume => 0,
    })
}

/// Whether the account is gone, and the audit log says that its deletion was requested.
async fn was_deletion_requested(services: &Services, user: UserId) -> Result<bool> {
    let mut tx = services.store.system("whose volume is this").await?;
    Ok(users::get(&mut tx, user).await?.is_none() && audit::deletion_was_requested(&mut tx, user).await?)
}

fn is_old(services: &Services, created_at: Option<DateTime<Utc>>) -> bool {
    created_at.is_none_or(|created_at| services.clock.now() - created_at > MIN_ORPHAN_AGE)
}

/// The next sweep tries again what cannot be removed now.
fn count_removed(what: &str, user: UserId, removed: std::result::Result<(), ContainerError>) -> usize {
    match removed {
        Ok(()) => {
            tracing::info!(what, %user, "removed an orphan");
            1
        }
        Err(error) => {
            tracing::warn!(what, %user, %error, "an orphan could not be removed");
            0
        }
    }
}
