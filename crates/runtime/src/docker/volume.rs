//! A user's state volume: what his agents remember. It outlives every container.

use super::{
    Link,
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

/// Makes it when it is missing. Docker answers a second create with the volume that is there, whoever
/// made it and however large it may grow: so the labels of the answer are looked at.
pub(super) async fn ensure(link: &Link, owner: &Owner, disk_mib: u32) -> Result<(), ContainerError> {
    let name = names::object(owner);
    let request = VolumeCreateRequest {
        name: Some(name.clone()),
        driver_opts: size(disk_mib),
        labels: Some(link.with_extra(labels::of_belongings(owner))),
        ..VolumeCreateRequest::default()
    };
    let volume = link.docker.create_volume(request).await.map_err(translate)?;
    labels::check_belonging(&format!("the volume {name}"), Some(&volume.labels), owner)
}

/// The local driver's own option; it refuses it where the file system has no project quotas.
fn size(disk_mib: u32) -> Option<HashMap<String, String>> {
    (disk_mib > 0).then(|| HashMap::from([("size".to_owned(), format!("{disk_mib}M"))]))
}

/// Whether a volume can be limited here. The engine does not tell: it is tried out with one that holds nothing.
pub(super) async fn can_be_limited(link: &Link, instance: InstanceId) -> Result<bool, ContainerError> {
    let request = VolumeCreateRequest {
        driver_opts: size(1),
        labels: Some(link.with_extra(labels::of_probe(instance, "disk-limits"))),
        ..VolumeCreateRequest::default()
    };
    // Without a name of ours: several workers may be at it.
    match link.docker.create_volume(request).await.map_err(translate) {
        Ok(made) => match link.docker.remove_volume(&made.name, None::<RemoveVolumeOptions>).await {
            Err(error) if !is_missing(&error) => Err(translate(error)),
            _ => Ok(true),
        },
        Err(ContainerError::NoDiskLimits) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Every volume of the instance that is a user's.
pub(super) async fn list(link: &Link, instance: InstanceId) -> Result<Vec<OwnedResource>, ContainerError> {
    let options = ListVolumesOptionsBuilder::new().filters(&labels::filters(instance)).build();
    let volumes = link.docker.list_volumes(Some(options)).await.map_err(translate)?.volumes;
    let read = |volume: bollard::models::Volume| {
        let user = labels::read_user(&volume.labels)?;
        let created_at = volume.created_at.as_deref().and_then(observe::moment);
        Some(OwnedResource { user, kind: OwnedResourceKind::Volume, created_at })
    };
    Ok(volumes.unwrap_or_default().into_iter().filter_map(read).collect())
}

/// Removes it with all it holds; a missing one is fine.
pub(super) async fn remove(link: &Link, owner: &Owner) -> Result<(), ContainerError> {
    let name = names::object(owner);
    let volume = match link.docker.inspect_volume(&name).await {
        Ok(volume) => volume,
        Err(error) if is_missing(&error) => return Ok(()),
        Err(error) => return Err(translate(error)),
    };
    labels::check_belonging(&format!("the volume {name}"), Some(&volume.labels), owner)?;
    match link.docker.remove_volume(&name, None::<RemoveVolumeOptions>).await {
        Err(error) if !is_missing(&error) => Err(translate(error)),
        _ => Ok(()),
    }
}
