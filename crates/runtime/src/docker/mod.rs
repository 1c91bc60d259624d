//! The port `domain::containers::Containers` on a Docker engine.
//!
//! Owns the connection; each method is implemented in a module of its own. It acts on ids of Docker that it has just read
//! together with the labels, and never only on a name, so that it cannot hit another owner's objects.
//!
//! `deploy/socket-proxy/haproxy.cfg` allows only the endpoints that are used here. A new one must be added there too.

mod container;
mod error;
mod events;
mod network;
mod observe;
mod probe;
mod profile;
mod subnets;
mod usage;
mod volume;
mod volume_content;

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
pub(crate) use probe::{ListeningContainer, ProbeNetwork, ProbeRun};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::OnceCell;

/// Creating a network on a busy host takes seconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How to reach the engine.
#[derive(Debug, Clone)]
pub struct DockerSettings {
    /// The engine's Unix socket.
    pub socket: PathBuf,
    /// Labels for every object that is created, besides those of its owner.
    pub extra_labels: HashMap<String, String>,
}

impl Default for DockerSettings {
    fn default() -> Self {
        Self { socket: PathBuf::from("/var/run/docker.sock"), extra_labels: HashMap::new() }
    }
}

/// Agent containers on a Docker engine. It connects at the first call, so that a worker can start without the engine.
pub struct DockerContainers {
    settings: DockerSettings,
    connection: OnceCell<Connection>,
}

/// A connection with a negotiated version.
#[derive(Clone)]
struct Connection {
    docker: Docker,
    /// The cores of the host. Docker refuses a container that may use more.
    cores: u32,
    extra_labels: HashMap<String, String>,
}

impl DockerContainers {
    /// Does not connect yet.
    pub fn new(settings: DockerSettings) -> Self {
        Self { settings, connection: OnceCell::new() }
    }

    /// A run of the self-test on this engine.
    pub(crate) async fn probe_run(&self, plan: &SelfTestPlan) -> Result<ProbeRun, ContainerError> {
        Ok(ProbeRun::new(self.connection().await?.clone(), plan.clone()))
    }

    /// The engine's socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.settings.socket
    }

    async fn connection(&self) -> Result<&Connection, ContainerError> {
        self.connection.get_or_try_init(|| Connection::connect(&self.settings)).await
    }
}

impl Connection {
    async fn connect(settings: &DockerSettings) -> Result<Self, ContainerError> {
        let path = settings.socket.to_string_lossy();
        let docker = Docker::connect_with_unix(&path, REQUEST_TIMEOUT.as_secs(), API_DEFAULT_VERSION)
            .map_err(translate)?;
        let docker = docker.negotiate_version().await.map_err(translate)?;
        let info = docker.info().await.map_err(translate)?;
        let cores = info.ncpu.and_then(|cores| u32::try_from(cores).ok()).unwrap_or(1);
        Ok(Self { docker, cores, extra_labels: settings.extra_labels.clone() })
    }

    fn add_extra_labels(&self, mut labels: HashMap<String, String>) -> HashMap<String, String> {
        // Never instead of the owner's labels.
        for (key, value) in &self.extra_labels {
            labels.entry(key.clone()).or_insert_with(|| value.clone());
        }
        labels
    }
}

#[async_trait]
impl Containers for DockerContainers {
    async fn engine(&self) -> Result<EngineInfo, ContainerError> {
        let info = self.connection().await?.docker.info().await.map_err(translate)?;
        let mut runtimes: Vec<String> = info.runtimes.unwrap_or_default().into_keys().collect();
        runtimes.sort();
        Ok(EngineInfo {
            version: info.server_version.unwrap_or_default(),
            memory_bytes: info.mem_total.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default(),
            runtimes,
        })
    }

    async fn image(&self, name: &str) -> Result<Option<PinnedImage>, ContainerError> {
        match self.connection().await?.docker.inspect_image(name).await {
            Ok(found) => Ok(Some(PinnedImage { name: name.to_owned(), id: found.id })),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(translate(error)),
        }
    }

    async fn supports_disk_limits(&self, instance: InstanceId) -> Result<bool, ContainerError> {
        volume::supports_size_limits(self.connection().await?, instance).await
    }

    async fn ensure_network(
        &self,
        owner: &Owner,
        policy: NetworkPolicy,
        pool: Ipv4Net,
    ) -> Result<Network, ContainerError> {
        network::ensure(self.connection().await?, owner, policy, pool).await
    }

    async fn ensure_volume(&self, owner: &Owner, disk_mib: u32) -> Result<(), ContainerError> {
        volume::ensure(self.connection().await?, owner, disk_mib).await
    }

    async fn create(
        &self,
        spec: &ContainerSpec,
        network: &Network,
    ) -> Result<ContainerState, ContainerError> {
        container::create(self.connection().await?, spec, network).await
    }

    async fn start(&self, owner: &Owner) -> Result<ContainerState, ContainerError> {
        container::start(self.connection().await?, owner).await
    }

    async fn pause(&self, owner: &Owner) -> Result<(), ContainerError> {
        container::pause(self.connection().await?, owner).await
    }

    async fn stop(&self, owner: &Owner, grace: Duration) -> Result<(), ContainerError> {
        container::stop(self.connection().await?, owner, grace).await
    }

    async fn remove(&self, owner: &Owner) -> Result<(), ContainerError> {
        container::remove(self.connection().await?, owner).await
    }

    async fn remove_network(&self, owner: &Owner) -> Result<(), ContainerError> {
        network::remove(self.connection().await?, owner).await
    }

    async fn remove_volume(&self, owner: &Owner) -> Result<(), ContainerError> {
        volume::remove(self.connection().await?, owner).await
    }

    async fn read_volume(
        &self,
        owner: &Owner,
        image: &str,
        folder: Option<&str>,
    ) -> Result<Option<BoxStream<'static, Result<Vec<u8>, ContainerError>>>, ContainerError> {
        volume_content::read(self.connection().await?, owner, image, folder).await
    }

    async fn inspect(&self, owner: &Owner) -> Result<Option<ContainerState>, ContainerError> {
        container::find(self.connection().await?, owner).await
    }

    async fn memory(&self, owner: &Owner) -> Result<Option<u64>, ContainerError> {
        usage::memory_bytes(self.connection().await?, owner).await
    }

    async fn list(&self, instance: InstanceId) -> Result<Vec<ContainerState>, ContainerError> {
        container::list(self.connection().await?, instance).await
    }

    async fn owned_resources(&self, instance: InstanceId) -> Result<Vec<OwnedResource>, ContainerError> {
        let connection = self.connection().await?;
        let mut all = network::list(connection, instance).await?;
        all.extend(volume::list(connection, instance).await?);
        Ok(all)
    }

    async fn watch(
        &self,
        instance: InstanceId,
    ) -> Result<BoxStream<'static, Result<Event, ContainerError>>, ContainerError> {
        events::watch(self.connection().await?, instance).await
    }
}
