//! What a user's state volume holds, read through the engine: no path of the host is needed.

use super::{
    Link, container,
    error::{is_missing, translate},
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

/// Where the state volume is mounted.
const STATE: &str = "/data";

type Bytes = BoxStream<'static, Result<Vec<u8>, ContainerError>>;

/// Its content, or that of a folder of it, as a tar, through the owner's container. Where there is none, through one that
/// is made of `image` for this, never runs, and goes when the stream does. `None`: there is no volume, or no such folder.
pub(super) async fn read(
    link: &Link,
    owner: &Owner,
    image: &str,
    folder: Option<&str>,
) -> Result<Option<Bytes>, ContainerError> {
    let name = names::object(owner);
    let volume = match link.docker.inspect_volume(&name).await {
        Ok(volume) => volume,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(translate(error)),
    };
    labels::check_belonging(&format!("the volume {name}"), Some(&volume.labels), owner)?;
    let (id, reader) = match container::find(link, owner).await? {
        Some(seen) => (seen.docker_id, None),
        None => {
            let reader = Reader::new(link, owner, image).await?;
            (reader.id.clone(), Some(reader))
        }
    };
    let path = folder.map_or_else(|| STATE.to_owned(), |folder| format!("{STATE}/{folder}"));
    let options = DownloadFromContainerOptionsBuilder::new().path(&path).build();
    let mut bytes = link.docker.download_from_container(&id, Some(options)).boxed();
    let first = bytes.next().await;
    if matches!(&first, Some(Err(error)) if is_missing(error)) {
        // Of the folder or of the container? Somebody may have removed that in between.
        link.docker.inspect_container(&id, None).await.map_err(translate)?;
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

/// A container that only holds the volume.
struct Reader {
    link: Link,
    id: String,
}

impl Reader {
    async fn new(link: &Link, owner: &Owner, image: &str) -> Result<Self, ContainerError> {
        let name = format!("{}-read", names::object(owner));
        let stale = link.docker.inspect_container(&name, None).await;
        if let Ok(stale) = stale {
            // Left by a reader that was killed.
            let labels = stale.config.as_ref().and_then(|config| config.labels.as_ref());
            labels::check_belonging(&format!("the container {name}"), labels, owner)?;
            container::delete(link, stale.id.as_deref().unwrap_or(&name)).await?;
        }
        let mount = Mount {
            typ: Some(MountType::VOLUME),
            source: Some(names::object(owner)),
            target: Some(STATE.into()),
            read_only: Some(true),
            ..Mount::default()
        };
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            labels: Some(link.with_extra(labels::of_belongings(owner))),
            host_config: Some(HostConfig {
                mounts: Some(vec![mount]),
                network_mode: Some("none".into()),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptions { name: Some(name), ..Default::default() };
        let made =
            link.docker.create_container(Some(options), body).await.map_err(|error| {
                match translate(error) {
                    ContainerError::Missing => ContainerError::ImageMissing(image.to_owned()),
                    other => other,
                }
            })?;
        Ok(Self { link: link.clone(), id: made.id })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let (link, id) = (self.link.clone(), std::mem::take(&mut self.id));
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = container::delete(&link, &id).await {
                tracing::warn!(%error, "a container that read a volume is left behind");
            }
        });
    }
}
