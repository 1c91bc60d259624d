//! One container: create, start, pause, stop, remove, inspect.

use super::{
    Connection,
    error::{is_conflict, is_image_missing, is_missing, is_network_missing, translate},
    network, observe,
    profile::{self, ProfileContext},
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

/// Attempts while another process creates or removes the same container.
const MAX_ATTEMPTS: u32 = 50;
const RETRY_INTERVAL: Duration = Duration::from_millis(100);
const INSPECT_CONCURRENCY: usize = 8;

/// The container of the spec's generation. Creates it if it is missing, after removing an older one.
pub(super) async fn create(
    connection: &Connection,
    spec: &ContainerSpec,
    network: &Network,
) -> Result<ContainerState, ContainerError> {
    for _ in 0..MAX_ATTEMPTS {
        match find(connection, &spec.owner).await? {
            Some(seen) if seen.generation > spec.generation => {
                return Err(ContainerError::Other("a newer generation of the container exists".into()));
            }
            Some(seen) if seen.generation == spec.generation && seen.state != RunState::Dead => {
                return Ok(seen);
            }
            Some(older) => delete(connection, &older.docker_id).await?,
            None => try_create(connection, spec, network).await?,
        }
        // The next attempt finds it, also if another process created it.
    }
    Err(ContainerError::Other(format!(
        "the container {} could not be created while another process worked on it",
        names::object_name(&spec.owner)
    )))
}

/// Starts or resumes it. A container without its network can never start again, so it is removed and reported missing,
/// and the next plan creates a new one. The state volume stays.
pub(super) async fn start(connection: &Connection, owner: &Owner) -> Result<ContainerState, ContainerError> {
    let Some(seen) = find(connection, owner).await? else { return Err(ContainerError::Missing) };
    let id = &seen.docker_id;
    let started = match seen.state {
        RunState::Running => return Ok(seen),
        RunState::Paused => connection.docker.unpause_container(id).await,
        RunState::Created | RunState::Exited { .. } | RunState::Dead => {
            connection.docker.start_container(id, None).await
        }
    };
    match started {
        Ok(()) => {}
        Err(error) if is_network_missing(&error) => {
            delete(connection, id).await?;
            return Err(ContainerError::Missing);
        }
        // Another process resumed it first.
        Err(error) if is_conflict(&error) => {}
        Err(error) => return Err(translate(error)),
    }
    let seen = find(connection, owner).await?.ok_or(ContainerError::Missing)?;
    match seen.state {
        RunState::Created => Err(ContainerError::Other("the container did not start".into())),
        _ => Ok(seen),
    }
}

/// Pauses it if it runs.
pub(super) async fn pause(connection: &Connection, owner: &Owner) -> Result<(), ContainerError> {
    let Some(seen) = find(connection, owner).await? else { return Ok(()) };
    if seen.state != RunState::Running {
        return Ok(());
    }
    match connection.docker.pause_container(&seen.docker_id).await {
        // It ended or was paused in the meantime.
        Err(error) if !is_missing(&error) && !is_conflict(&error) => Err(translate(error)),
        _ => Ok(()),
    }
}

/// Stops it, and kills it after `grace_period`. A stopped or missing container is no error.
pub(super) async fn stop(
    connection: &Connection,
    owner: &Owner,
    grace_period: Duration,
) -> Result<(), ContainerError> {
    let Some(seen) = find(connection, owner).await? else { return Ok(()) };
    let seconds = i32::try_from(grace_period.as_secs()).unwrap_or(i32::MAX);
    let options = StopContainerOptionsBuilder::new().t(seconds).build();
    // The engine answers when the process has ended.
    let timeout = super::REQUEST_TIMEOUT.saturating_add(grace_period);
    let docker = connection.docker.clone().with_timeout(timeout);
    match docker.stop_container(&seen.docker_id, Some(options)).await {
        Err(error) if !is_missing(&error) => Err(translate(error)),
        _ => Ok(()),
    }
}

/// Removes it, running or not, and waits until it no longer exists. A missing container is no error.
pub(super) async fn remove(connection: &Connection, owner: &Owner) -> Result<(), ContainerError> {
    let Some(seen) = find(connection, owner).await? else { return Ok(()) };
    delete(connection, &seen.docker_id).await
}

/// The owner's container, after a check of its labels.
pub(super) async fn find(
    connection: &Connection,
    owner: &Owner,
) -> Result<Option<ContainerState>, ContainerError> {
    let name = names::object_name(owner);
    let inspected = match connection.docker.inspect_container(&name, None).await {
        Ok(inspected) => inspected,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(translate(error)),
    };
    let labels = inspected.config.as_ref().and_then(|config| config.labels.as_ref());
    let generation = labels::check_container_owner(&format!("the container {name}"), labels, owner)?;
    Ok(Some(observe::container_state(inspected, *owner, generation)))
}

/// Every container of the instance. Each is inspected, because the list call has no exit codes.
pub(super) async fn list(
    connection: &Connection,
    instance: InstanceId,
) -> Result<Vec<ContainerState>, ContainerError> {
    let filters = labels::instance_filter(instance);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let containers = connection.docker.list_containers(Some(options)).await.map_err(translate)?;
    stream::iter(containers.into_iter().filter_map(|container| container.id))
        .map(|id| inspect(connection, id))
        .buffer_unordered(INSPECT_CONCURRENCY)
        .try_filter_map(|seen| async { Ok(seen) })
        .try_collect()
        .await
}

async fn inspect(connection: &Connection, id: String) -> Result<Option<ContainerState>, ContainerError> {
    let inspected = match connection.docker.inspect_container(&id, None).await {
        Ok(inspected) => inspected,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(translate(error)),
    };
    let labels = inspected.config.as_ref().and_then(|config| config.labels.as_ref());
    let Some((owner, generation)) = labels.and_then(labels::parse_container) else {
        tracing::warn!(docker_id = id, "a container has the instance's label but not the others");
        return Ok(None);
    };
    Ok(Some(observe::container_state(inspected, owner, generation)))
}

/// If another process creates it at the same time, this returns `Ok` after a pause, and the caller finds it.
async fn try_create(
    connection: &Connection,
    spec: &ContainerSpec,
    network: &Network,
) -> Result<(), ContainerError> {
    let Some(found) = network::find(connection, &spec.owner).await? else {
        return Err(ContainerError::Other("the container's network does not exist any more".into()));
    };
    let Some(policy) = found.policy else {
        return Err(ContainerError::NotOurs(format!("the network {}", names::object_name(&spec.owner))));
    };
    let context = ProfileContext { network_id: &found.id, network, policy, cores: connection.cores };
    let mut body = profile::create_body(spec, &context);
    body.labels = body.labels.map(|labels| connection.add_extra_labels(labels));
    let options =
        CreateContainerOptions { name: Some(names::object_name(&spec.owner)), ..Default::default() };
    match connection.docker.create_container(Some(options), body).await {
        Ok(_) => Ok(()),
        Err(error) if is_image_missing(&error) => Err(ContainerError::ImageMissing(spec.image.name.clone())),
        Err(error) if is_conflict(&error) => {
            tokio::time::sleep(RETRY_INTERVAL).await;
            Ok(())
        }
        Err(error) => Err(translate(error)),
    }
}

/// Removes a container by Docker's id and waits until it no longer exists.
pub(super) async fn delete(connection: &Connection, id: &str) -> Result<(), ContainerError> {
    // `v` also removes volumes without a name. The state volume has a name.
    let options = RemoveContainerOptions { force: true, v: true, link: false };
    for _ in 0..MAX_ATTEMPTS {
        match connection.docker.remove_container(id, Some(options.clone())).await {
            Ok(()) => return Ok(()),
            Err(error) if is_missing(&error) => return Ok(()),
            Err(error) if is_conflict(&error) => tokio::time::sleep(RETRY_INTERVAL).await,
            Err(error) => return Err(translate(error)),
        }
    }
    Err(ContainerError::Other("the container could not be removed in time".into()))
}
