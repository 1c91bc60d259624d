//! The content of a user's state volume, read through the engine without a path of the host.

use super::{
    Connection, container,
    error::{is_missing, translate},
    profile::STATE_DIR,
};
use crate::{labels, names};
use bollard::{
    models::{ContainerCreateBody, HostConfig, Mount, MountType},
    query_parameters::{CreateContainerOptions, DownloadFromContainerOptionsBuilder},
};
use domain::containers::{ContainerError, Owner};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};

type ByteStream = BoxStream<'static, Result<Vec<u8>, ContainerError>>;

/// The volume, or a folder of it, as a tar, read through the owner's container. Without a container it is read through one
/// that is created from `image` for this, never runs, and is removed with the stream. `None` if there is no volume or no
/// such folder.
pub(super) async fn read(
    connection: &Connection,
    owner: &Owner,
    image: &str,
    folder: Option<&str>,
) -> Result<Option<ByteStream>, ContainerError> {
    let name = names::object_name(owner);
    let volume = match connection.docker.inspect_volume(&name).await {
        Ok(volume) => volume,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(translate(error)),
    };
    labels::check_resource_owner(&format!("the volume {name}"), Some(&volume.labels), owner)?;
    let (id, reader) = match container::find(connection, owner).await? {
        Some(found) => (found.docker_id, None),
        None => {
            let reader = VolumeReader::new(connection, owner, image).await?;
            (reader.id.clone(), Some(reader))
        }
    };
    let path = folder.map_or_else(|| STATE_DIR.to_owned(), |folder| format!("{STATE_DIR}/{folder}"));
    let options = DownloadFromContainerOptionsBuilder::new().path(&path).build();
    let mut bytes = connection.docker.download_from_container(&id, Some(options)).boxed();
    let first = bytes.next().await;
    if matches!(&first, Some(Err(error)) if is_missing(error)) {
        // The folder is missing, or the container was removed in the meantime.
        connection.docker.inspect_container(&id, None).await.map_err(translate)?;
        return Ok(None);
    }
    let bytes = stream::iter(first).chain(bytes);
    let bytes = bytes.map(|part| part.map(|part| part.to_vec()).map_err(translate)).boxed();
    Ok(Some(
        stream::unfold((bytes, reader), |(mut bytes, reader)| async {
            let part = bytes.next().await?;
            Some((part, (bytes, reader)))
        })
        .boxed(),
    ))
}

/// A container that only mounts the volume. Dropping this removes it.
struct VolumeReader {
    connection: Connection,
    id: String,
}

impl VolumeReader {
    async fn new(connection: &Connection, owner: &Owner, image: &str) -> Result<Self, ContainerError> {
        let name = format!("{}-read", names::object_name(owner));
        let stale = connection.docker.inspect_container(&name, None).await;
        if let Ok(stale) = stale {
            // Left behind by a process that was killed.
            let labels = stale.config.as_ref().and_then(|config| config.labels.as_ref());
            labels::check_resource_owner(&format!("the container {name}"), labels, owner)?;
            container::delete(connection, stale.id.as_deref().unwrap_or(&name)).await?;
        }
        let mount = Mount {
            typ: Some(MountType::VOLUME),
            source: Some(names::object_name(owner)),
            target: Some(STATE_DIR.into()),
            read_only: Some(true),
            ..Mount::default()
        };
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            labels: Some(connection.add_extra_labels(labels::for_resource(owner))),
            host_config: Some(HostConfig {
                mounts: Some(vec![mount]),
                network_mode: Some("none".into()),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptions { name: Some(name), ..Default::default() };
        let created =
            connection.docker.create_container(Some(options), body).await.map_err(
                |error| match translate(error) {
                    ContainerError::Missing => ContainerError::ImageMissing(image.to_owned()),
                    other => other,
                },
            )?;
        Ok(Self { connection: connection.clone(), id: created.id })
    }
}

impl Drop for VolumeReader {
    fn drop(&mut self) {
        let (connection, id) = (self.connection.clone(), std::mem::take(&mut self.id));
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = container::delete(&connection, &id).await {
                tracing::warn!(%error, "a container that read a volume is left behind");
            }
        });
    }
}
