//! What is left of nobody's: containers, networks and volumes that bear this instance's labels and have no row.
//!
//! A state volume goes only where its owner's deletion was asked for: a database that was restored from an older
//! backup must not cost a younger user what his agents remember.

use super::crash::away;
use crate::{Result, Services};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ContainerId, UserId,
    containers::{ContainerError, ContainerState, Containers, OwnedResource, OwnedResourceKind, Owner},
};
use std::collections::HashSet;
use store::{audit, containers::Container, users};
use uuid::Uuid;

/// Younger things are left alone: a probe of the instance itself may just be using them.
const GRACE: TimeDelta = TimeDelta::minutes(1);

/// Removes them. Answers how many.
pub(super) async fn remove(
    services: &Services,
    engine: &dyn Containers,
    there: &[ContainerState],
    rows: &[Container],
) -> Result<usize> {
    let known: HashSet<ContainerId> = rows.iter().map(|row| row.id).collect();
    let users: HashSet<UserId> = rows.iter().map(|row| row.user_id).collect();
    let mut removed = 0;
    for seen in there.iter().filter(|seen| !known.contains(&seen.owner.container)) {
        if is_old(services, seen.created_at) {
            removed += gone("container", seen.owner.user, engine.remove(&seen.owner).await);
        }
    }
    let belongings = engine.belongings(services.instance).await.map_err(away)?;
    for belonging in belongings.into_iter().filter(|belonging| !users.contains(&belonging.user)) {
        if is_old(services, belonging.created_at) {
            removed += remove_belonging(services, engine, belonging).await?;
        }
    }
    Ok(removed)
}

async fn remove_belonging(
    services: &Services,
    engine: &dyn Containers,
    OwnedResource { user, kind, .. }: OwnedResource,
) -> Result<usize> {
    // Network and volume bear no container's label.
    let owner = Owner { instance: services.instance, user, container: ContainerId::from(Uuid::nil()) };
    Ok(match kind {
        OwnedResourceKind::Network => gone("network", user, engine.remove_network(&owner).await),
        OwnedResourceKind::Volume if is_deletion_asked(services, user).await? => {
            gone("volume", user, engine.remove_volume(&owner).await)
        }
        OwnedResourceKind::Volume => 0,
    })
}

/// The account is gone, and the log says that this was meant.
async fn is_deletion_asked(services: &Services, user: UserId) -> Result<bool> {
    let mut tx = services.store.system("whose volume is this").await?;
    Ok(users::get(&mut tx, user).await?.is_none() && audit::is_deletion_of(&mut tx, user).await?)
}

fn is_old(services: &Services, made: Option<DateTime<Utc>>) -> bool {
    made.is_none_or(|made| services.clock.now() - made > GRACE)
}

/// One that cannot be removed now is met again by the next sweep.
fn gone(what: &str, user: UserId, removed: std::result::Result<(), ContainerError>) -> usize {
    match removed {
        Ok(()) => {
            tracing::info!(what, %user, "removed what belonged to nobody");
            1
        }
        Err(error) => {
            tracing::warn!(what, %user, %error, "what belongs to nobody could not be removed");
            0
        }
    }
}
