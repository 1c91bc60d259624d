//! The life of one container: create, start, stop, remove, look.

use super::{
    Link,
    error::{is_conflict, is_image_missing, is_missing, is_network_missing, translate},
    network, observe,
    profile::{self, Surroundings},
};
use crate::{labels, names};
use bollard::query_parameters::{
    CreateContainerOptions, ListContainersOptionsBuilder, RemoveContainerOptions, StopContainerOptionsBuilder,
};
use domain::{
    InstanceId,
    containers::{ContainerError, ContainerSpec, ContainerState, Network, Owner, RunState},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::time::Duration;

/// Rounds in which a racing maker or remover of the same container may finish.
const ROUNDS: u32 = 50;
const BETWEEN_ROUNDS: Duration = Duration::from_millis(100);
/// How many containers are looked at in parallel.
const LOOKS: usize = 8;

/// The container of the spec's generation, made when it is missing; an older one is removed first.
pub(super) async fn create(
    link: &Link,
    spec: &ContainerSpec,
    network: &Network,
) -> Result<ContainerState, ContainerError> {
    for _ in 0..ROUNDS {
        match find(link, &spec.owner).await? {
            Some(seen) if seen.generation > spec.generation => {
                return Err(ContainerError::Other("a newer generation of the container exists".into()));
            }
            Some(seen) if seen.generation == spec.generation && seen.state != RunState::Dead => {
                return Ok(seen);
            }
            Some(older) => delete(link, &older.docker_id).await?,
            None => make(link, spec, network).await?,
        }
        // ContainerState at the next look; a racing process may have been the one who made it.
    }
    Err(ContainerError::Other(format!(
        "the container {} is neither free nor made",
        names::object(&spec.owner)
    )))
}

/// Starts or resumes it. One whose network is gone can never start again: it is removed and reported
/// missing, so that the next plan makes a new one. The state volume stays.
pub(super) async fn start(link: &Link, owner: &Owner) -> Result<ContainerState, ContainerError> {
    let Some(seen) = find(link, owner).await? else { return Err(ContainerError::Missing) };
    let id = &seen.docker_id;
    let started = match seen.state {
        RunState::Running => return Ok(seen),
        RunState::Paused => link.docker.unpause_container(id).await,
        RunState::Created | RunState::Exited { .. } | RunState::Dead => {
            link.docker.start_container(id, None).await
        }
    };
    match started {
        Ok(()) => {}
        Err(error) if is_network_missing(&error) => {
            delete(link, id).await?;
            return Err(ContainerError::Missing);
        }
        // Another process resumed it first: the look below tells.
        Err(error) if is_conflict(&error) => {}
        Err(error) => return Err(translate(error)),
    }
    let seen = find(link, owner).await?.ok_or(ContainerError::Missing)?;
    match seen.state {
        RunState::Created => Err(ContainerError::Other("the container did not start".into())),
        _ => Ok(seen),
    }
}

/// Freezes it; one that does not run is left alone.
pub(super) async fn pause(link: &Link, owner: &Owner) -> Result<(), ContainerError> {
    let Some(seen) = find(link, owner).await? else { return Ok(()) };
    if seen.state != RunState::Running {
        return Ok(());
    }
    match link.docker.pause_container(&seen.docker_id).await {
        // It ended, or was paused, since the look.
        Err(error) if !is_missing(&error) && !is_conflict(&error) => Err(translate(error)),
        _ => Ok(()),
    }
}

/// Ends it, by force after `grace`; a stopped or missing one is fine.
pub(super) async fn stop(link: &Link, owner: &Owner, grace: Duration) -> Result<(), ContainerError> {
    let Some(seen) = find(link, owner).await? else { return Ok(()) };
    let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
    let options = StopContainerOptionsBuilder::new().t(seconds).build();
    // The answer comes when the process has ended: the usual patience is for quick requests.
    let patient = link.docker.clone().with_timeout(super::ANSWER_WITHIN.saturating_add(grace));
    match patient.stop_container(&seen.docker_id, Some(options)).await {
        Err(error) if !is_missing(&error) => Err(translate(error)),
        _ => Ok(()),
    }
}

/// Removes it, running or not; a missing one is fine. Returns when it is gone.
pub(super) async fn remove(link: &Link, owner: &Owner) -> Result<(), ContainerError> {
    let Some(seen) = find(link, owner).await? else { return Ok(()) };
    delete(link, &seen.docker_id).await
}

/// The owner's container after a look at its labels.
pub(super) async fn find(link: &Link, owner: &Owner) -> Result<Option<ContainerState>, ContainerError> {
    let name = names::object(owner);
    let inspected = match link.docker.inspect_container(&name, None).await {
        Ok(inspected) => inspected,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(translate(error)),
    };
    let labels = inspected.config.as_ref().and_then(|config| config.labels.as_ref());
    let generation = labels::check_container(&format!("the container {name}"), labels, owner)?;
    Ok(Some(observe::read(inspected, *owner, generation)))
}

/// Every container of the instance. The list call knows no exit codes, so each one is looked at.
pub(super) async fn list(link: &Link, instance: InstanceId) -> Result<Vec<ContainerState>, ContainerError> {
    let filters = labels::filters(instance);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let containers = link.docker.list_containers(Some(options)).await.map_err(translate)?;
    stream::iter(containers.into_iter().filter_map(|container| container.id))
        .map(|id| look(link, id))
        .buffer_unordered(LOOKS)
        .try_filter_map(|seen| async { Ok(seen) })
        .try_collect()
        .await
}

async fn look(link: &Link, id: String) -> Result<Option<ContainerState>, ContainerError> {
    let inspected = match link.docker.inspect_container(&id, None).await {
        Ok(inspected) => inspected,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(translate(error)),
    };
    let labels = inspected.config.as_ref().and_then(|config| config.labels.as_ref());
    let Some((owner, generation)) = labels.and_then(labels::read_container) else {
        tracing::warn!(docker_id = id, "a container bears the instance's label but not the others");
        return Ok(None);
    };
    Ok(Some(observe::read(inspected, owner, generation)))
}

/// Returns also when somebody else was quicker, after a pause: the caller looks again.
async fn make(link: &Link, spec: &ContainerSpec, network: &Network) -> Result<(), ContainerError> {
    let Some(found) = network::find(link, &spec.owner).await? else {
        return Err(ContainerError::Other("the container's network is gone".into()));
    };
    let Some(policy) = found.policy else {
        return Err(ContainerError::NotOurs(format!("the network {}", names::object(&spec.owner))));
    };
    let around = Surroundings { network_id: &found.id, network, policy, cores: link.cores };
    let mut body = profile::body(spec, &around);
    body.labels = body.labels.map(|labels| link.with_extra(labels));
    let options = CreateContainerOptions { name: Some(names::object(&spec.owner)), ..Default::default() };
    match link.docker.create_container(Some(options), body).await {
        Ok(_) => Ok(()),
        Err(error) if is_image_missing(&error) => Err(ContainerError::ImageMissing(spec.image.name.clone())),
        Err(error) if is_conflict(&error) => {
            tokio::time::sleep(BETWEEN_ROUNDS).await;
            Ok(())
        }
        Err(error) => Err(translate(error)),
    }
}

/// Removes by Docker's id and waits until it is gone, whoever removes it.
pub(super) async fn delete(link: &Link, id: &str) -> Result<(), ContainerError> {
    // `v` takes along volumes without a name; the state volume has one.
    let options = RemoveContainerOptions { force: true, v: true, link: false };
    for _ in 0..ROUNDS {
        match link.docker.remove_container(id, Some(options.clone())).await {
            Ok(()) => return Ok(()),
            Err(error) if is_missing(&error) => return Ok(()),
            Err(error) if is_conflict(&error) => tokio::time::sleep(BETWEEN_ROUNDS).await,
            Err(error) => return Err(translate(error)),
        }
    }
    Err(ContainerError::Other("the container's removal does not end".into()))
}
