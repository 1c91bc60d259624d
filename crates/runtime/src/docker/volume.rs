//! A user's state volume, with the memory of their agents. It outlives every container.

use super::{
    Connection,
    error::{is_missing, translate},
    observe,
};
use crate::{labels, names};
use bollard::{
    models::VolumeCreateRequest,
    query_parameters::{ListVolumesOptionsBuilder, RemoveVolumeOptions},
};
use domain::{
    InstanceId,
    containers::{ContainerError, OwnedResource, OwnedResourceKind, Owner},
};
use std::collections::HashMap;

/// Creates it if it is missing. If a volume of this name exists, Docker returns it, with any labels and limits. So the
/// labels of the response are checked.
pub(super) async fn ensure(
    connection: &Connection,
    owner: &Owner,
    disk_mib: u32,
) -> Result<(), ContainerError> {
    let name = names::object_name(owner);
    let request = VolumeCreateRequest {
        name: Some(name.clone()),
        driver_opts: size_option(disk_mib),
        labels: Some(connection.add_extra_labels(labels::for_resource(owner))),
        ..VolumeCreateRequest::default()
    };
    let volume = connection.docker.create_volume(request).await.map_err(translate)?;
    labels::check_resource_owner(&format!("the volume {name}"), Some(&volume.labels), owner)
}

/// An option of the local driver, which refuses it if the file system has no project quotas.
fn size_option(disk_mib: u32) -> Option<HashMap<String, String>> {
    (disk_mib > 0).then(|| HashMap::from([("size".to_owned(), format!("{disk_mib}M"))]))
}

/// Whether a volume's size can be limited on this host. The engine does not report it, so an empty volume is created to
/// find out.
pub(super) async fn supports_size_limits(
    connection: &Connection,
    instance: InstanceId,
) -> Result<bool, ContainerError> {
    let request = VolumeCreateRequest {
        driver_opts: size_option(1),
        labels: Some(connection.add_extra_labels(labels::for_probe(instance, "disk-limits"))),
        ..VolumeCreateRequest::default()
    };
    // Without a name, because several workers may do this at the same time.
    match connection.docker.create_volume(request).await.map_err(translate) {
        Ok(created) => {
            match connection.docker.remove_volume(&created.name, None::<RemoveVolumeOptions>).await {
                Err(error) if !is_missing(&error) => Err(translate(error)),
                _ => Ok(true),
            }
        }
        Err(ContainerError::NoDiskLimits) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Every volume of the instance that belongs to a user.
pub(super) async fn list(
    connection: &Connection,
    instance: InstanceId,
) -> Result<Vec<OwnedResource>, ContainerError> {
    let options = ListVolumesOptionsBuilder::new().filters(&labels::instance_filter(instance)).build();
    let volumes = connection.docker.list_volumes(Some(options)).await.map_err(translate)?.volumes;
    let owned = |volume: bollard::models::Volume| {
        let user = labels::parse_user(&volume.labels)?;
        let created_at = volume.created_at.as_deref().and_then(observe::parse_timestamp);
        Some(OwnedResource { user, kind: OwnedResourceKind::Volume, created_at })
    };
    Ok(volumes.unwrap_or_default().into_iter().filter_map(owned).collect())
}

/// Removes it with its content. A missing volume is no error.
pub(super) async fn remove(connection: &Connection, owner: &Owner) -> Result<(), ContainerError> {
    let name = names::object_name(owner);
    let volume = match connection.docker.inspect_volume(&name).await {
        Ok(volume) => volume,
        Err(error) if is_missing(&error) => return Ok(()),
        Err(error) => return Err(translate(error)),
    };
    labels::check_resource_owner(&format!("the volume {name}"), Some(&volume.labels), owner)?;
    match connection.docker.remove_volume(&name, None::<RemoveVolumeOptions>).await {
        Err(error) if !is_missing(&error) => Err(translate(error)),
        _ => Ok(()),
    }
}
