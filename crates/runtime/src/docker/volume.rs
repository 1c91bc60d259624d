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
    containers::{Belonging, BelongingKind, ContainerError, Owner},
};

/// Makes it when it is missing. Docker answers a second create with the volume that is there, whoever
/// made it: so the labels of the answer are looked at.
pub(super) async fn ensure(link: &Link, owner: &Owner) -> Result<(), ContainerError> {
    let name = names::object(owner);
    let request = VolumeCreateRequest {
        name: Some(name.clone()),
        labels: Some(link.with_extra(labels::of_belongings(owner))),
        ..VolumeCreateRequest::default()
    };
    let volume = link.docker.create_volume(request).await.map_err(translate)?;
    labels::check_belonging(&format!("the volume {name}"), Some(&volume.labels), owner)
}

/// Every volume of the instance that is a user's.
pub(super) async fn list(link: &Link, instance: InstanceId) -> Result<Vec<Belonging>, ContainerError> {
    let options = ListVolumesOptionsBuilder::new().filters(&labels::filters(instance)).build();
    let volumes = link.docker.list_volumes(Some(options)).await.map_err(translate)?.volumes;
    let read = |volume: bollard::models::Volume| {
        let user = labels::read_user(&volume.labels)?;
        let created_at = volume.created_at.as_deref().and_then(observe::moment);
        Some(Belonging { user, kind: BelongingKind::Volume, created_at })
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
