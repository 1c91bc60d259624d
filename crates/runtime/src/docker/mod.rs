//! The port on a Docker engine.
//!
//! Owns the connection and hands each verb to its file. It acts by Docker's ids that it has just read
//! together with the labels, never by a bare name, so that nothing of somebody else's can be hit.
//!
//! The endpoints used are those that `deploy/socket-proxy/haproxy.cfg` lets through: a new one goes in there too.

mod container;
mod error;
mod events;
mod network;
mod observe;
mod probe;
mod profile;
mod state;
mod subnets;
mod usage;
mod volume;

use async_trait::async_trait;
use bollard::{API_DEFAULT_VERSION, Docker};
use domain::{
    InstanceId,
    containers::{
        ContainerError, ContainerSpec, ContainerState, Containers, EngineInfo, Event, Network, NetworkPolicy,
        OwnedResource, Owner,
    },
    image::PinnedImage,
    isolation::SelfTestPlan,
};
use error::{is_missing, translate};
use futures_util::stream::BoxStream;
use ipnet::Ipv4Net;
pub(crate) use probe::{Neighbour, Place, Probes};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::OnceCell;

/// How long the engine may take to answer one request. Creating a network on a busy host takes seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// How to reach the engine.
#[derive(Debug, Clone)]
pub struct DockerSettings {
    /// The engine's Unix socket.
    pub socket: PathBuf,
    /// Further labels for everything that is made, beside the ones that say whose it is.
    pub extra_labels: HashMap<String, String>,
}

impl Default for DockerSettings {
    fn default() -> Self {
        Self { socket: PathBuf::from("/var/run/docker.sock"), extra_labels: HashMap::new() }
    }
}

/// Agent containers on a Docker engine. Cheap to make: it connects at the first call, so that a worker
/// starts although the engine is away.
pub struct DockerContainers {
    settings: DockerSettings,
    link: OnceCell<Link>,
}

/// A negotiated connection and what was learnt while making it.
#[derive(Clone)]
struct Link {
    docker: Docker,
    /// Cores of the host: Docker refuses a container that may use more.
    cores: u32,
    extra_labels: HashMap<String, String>,
}

impl DockerContainers {
    /// Does not connect yet.
    pub fn new(settings: DockerSettings) -> Self {
        Self { settings, link: OnceCell::new() }
    }

    /// The self-test's hands on this engine.
    pub(crate) async fn probes(&self, trial: &SelfTestPlan) -> Result<Probes, ContainerError> {
        Ok(Probes::new(self.link().await?.clone(), trial.clone()))
    }

    /// The engine's socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.settings.socket
    }

    async fn link(&self) -> Result<&Link, ContainerError> {
        self.link.get_or_try_init(|| Link::connect(&self.settings)).await
    }
}

impl Link {
    async fn connect(settings: &DockerSettings) -> Result<Self, ContainerError> {
        let path = settings.socket.to_string_lossy();
        let docker = Docker::connect_with_unix(&path, ANSWER_WITHIN.as_secs(), API_DEFAULT_VERSION)
            .map_err(translate)?;
        let docker = docker.negotiate_version().await.map_err(translate)?;
        let info = docker.info().await.map_err(translate)?;
        let cores = info.ncpu.and_then(|cores| u32::try_from(cores).ok()).unwrap_or(1);
        Ok(Self { docker, cores, extra_labels: settings.extra_labels.clone() })
    }

    fn with_extra(&self, mut labels: HashMap<String, String>) -> HashMap<String, String> {
        // Never in place of the labels that say whose it is.
        for (key, value) in &self.extra_labels {
            labels.entry(key.clone()).or_insert_with(|| value.clone());
        }
        labels
    }
}

#[async_trait]
impl Containers for DockerContainers {
    async fn engine(&self) -> Result<EngineInfo, ContainerError> {
        let info = self.link().await?.docker.info().await.map_err(translate)?;
        let mut runtimes: Vec<String> = info.runtimes.unwrap_or_default().into_keys().collect();
        runtimes.sort();
        Ok(EngineInfo {
            version: info.server_version.unwrap_or_default(),
            memory_bytes: info.mem_total.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default(),
            runtimes,
        })
    }

    async fn image(&self, name: &str) -> Result<Option<PinnedImage>, ContainerError> {
        match self.link().await?.docker.inspect_image(name).await {
            Ok(found) => Ok(Some(PinnedImage { name: name.to_owned(), id: found.id })),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(translate(error)),
        }
    }

    async fn limits_disks(&self, instance: InstanceId) -> Result<bool, ContainerError> {
        volume::can_be_limited(self.link().await?, instance).await
    }

    async fn ensure_network(
        &self,
        owner: &Owner,
        policy: NetworkPolicy,
        pool: Ipv4Net,
    ) -> Result<Network, ContainerError> {
        network::ensure(self.link().await?, owner, policy, pool).await
    }

    async fn ensure_volume(&self, owner: &Owner, disk_mib: u32) -> Result<(), ContainerError> {
        volume::ensure(self.link().await?, owner, disk_mib).await
    }

    async fn create(
        &self,
        spec: &ContainerSpec,
        network: &Network,
    ) -> Result<ContainerState, ContainerError> {
        container::create(self.link().await?, spec, network).await
    }

    async fn start(&self, owner: &Owner) -> Result<ContainerState, ContainerError> {
        container::start(self.link().await?, owner).await
    }

    async fn pause(&self, owner: &Owner) -> Result<(), ContainerError> {
        container::pause(self.link().await?, owner).await
    }

    async fn stop(&self, owner: &Owner, grace: Duration) -> Result<(), ContainerError> {
        container::stop(self.link().await?, owner, grace).await
    }

    async fn remove(&self, owner: &Owner) -> Result<(), ContainerError> {
        container::remove(self.link().await?, owner).await
    }

    async fn remove_network(&self, owner: &Owner) -> Result<(), ContainerError> {
        network::remove(self.link().await?, owner).await
    }

    async fn remove_volume(&self, owner: &Owner) -> Result<(), ContainerError> {
        volume::remove(self.link().await?, owner).await
    }

    async fn read_volume(
        &self,
        owner: &Owner,
        image: &str,
        folder: Option<&str>,
    ) -> Result<Option<BoxStream<'static, Result<Vec<u8>, ContainerError>>>, ContainerError> {
        state::read(self.link().await?, owner, image, folder).await
    }

    async fn inspect(&self, owner: &Owner) -> Result<Option<ContainerState>, ContainerError> {
        container::find(self.link().await?, owner).await
    }

    async fn memory(&self, owner: &Owner) -> Result<Option<u64>, ContainerError> {
        usage::memory(self.link().await?, owner).await
    }

    async fn list(&self, instance: InstanceId) -> Result<Vec<ContainerState>, ContainerError> {
        container::list(self.link().await?, instance).await
    }

    async fn belongings(&self, instance: InstanceId) -> Result<Vec<OwnedResource>, ContainerError> {
        let link = self.link().await?;
        let mut all = network::list(link, instance).await?;
        all.extend(volume::list(link, instance).await?);
        Ok(all)
    }

    async fn watch(
        &self,
        instance: InstanceId,
    ) -> Result<BoxStream<'static, Result<Event, ContainerError>>, ContainerError> {
        events::watch(self.link().await?, instance).await
    }
}
