//! The port through which Mosaic drives agent containers.
//!
//! Each step of a start is one idempotent method, so that a step repeated after a crash finds its earlier work. The types
//! cannot express privileged mode, host mounts or the host's network.

use crate::{
    ids::{ContainerId, InstanceId, UserId},
    image::PinnedImage,
    limits::Limits,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use ipnet::Ipv4Net;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
    time::Duration,
};
use utoipa::ToSchema;

/// Which addresses agents can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NetworkPolicy {
    /// Public addresses, but no private ones.
    Open,
    /// Only Mosaic's internal port and the hosts that an admin allowed.
    Closed,
}

/// Whose container it is: the three labels that are checked before every action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Label `mosaic.instance`.
    pub instance: InstanceId,
    /// Label `mosaic.user`.
    pub user: UserId,
    /// Label `mosaic.container`.
    pub container: ContainerId,
}

/// A user's own network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// A /28 of the pool.
    pub subnet: Ipv4Net,
    /// The host's address in this network, where the agent reaches Mosaic's internal port.
    pub gateway: Ipv4Addr,
}

/// Where containers reach Mosaic's internal listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InternalEndpoint {
    /// The listener's address; `None` = the gateway of each container's own network.
    pub host: Option<Ipv4Addr>,
    /// TCP port.
    pub port: u16,
}

impl InternalEndpoint {
    /// The address for a container whose network has this gateway.
    pub fn address_via(self, gateway: Ipv4Addr) -> SocketAddrV4 {
        SocketAddrV4::new(self.host.unwrap_or(gateway), self.port)
    }
}

/// Everything that a container is created from.
#[derive(Debug, Clone)]
pub struct ContainerSpec {
    /// Its labels.
    pub owner: Owner,
    /// Counts the containers made for one row (label `mosaic.generation`). An older generation is replaced.
    pub generation: i64,
    /// Must be on the host already.
    pub image: PinnedImage,
    /// Docker runtime (`runc`, `runsc`).
    pub runtime: String,
    /// Resource limits.
    pub limits: Limits,
    /// The container's gateway token, new for each generation.
    pub gateway_token: SecretString,
    /// Where it reaches Mosaic's internal listener.
    pub internal: InternalEndpoint,
    /// Path of its configuration on the internal listener.
    pub config_path: String,
    /// The private address of the host on which OpenClaw's port is published.
    pub publish_on: IpAddr,
}

/// What Docker reports about a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerState {
    /// Read from its labels.
    pub owner: Owner,
    /// Read from its label.
    pub generation: i64,
    /// Docker's id.
    pub docker_id: String,
    /// The image that it was created from.
    pub image: PinnedImage,
    /// Its run state.
    pub state: RunState,
    /// Where OpenClaw's port is published; `None` while the container does not run.
    pub address: Option<SocketAddr>,
    /// When it was created.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last started.
    pub started_at: Option<DateTime<Utc>>,
}

/// A network or state volume with the instance's label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedResource {
    /// Read from its labels.
    pub user: UserId,
    /// Network or volume.
    pub kind: OwnedResourceKind,
    /// When it was created.
    pub created_at: Option<DateTime<Utc>>,
}

/// The kinds of resource that outlive a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnedResourceKind {
    /// A user's own network.
    Network,
    /// A user's state volume.
    Volume,
}

/// Docker's run states, as far as Mosaic distinguishes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Created, never started.
    Created,
    /// Its process runs.
    Running,
    /// Frozen by `docker pause`.
    Paused,
    /// Its process ended.
    Exited {
        /// Exit code of the entry process.
        code: i64,
        /// Whether the kernel killed it because memory ran out.
        oom_killed: bool,
    },
    /// Being removed, or otherwise unusable.
    Dead,
}

/// Something that Docker reported about one of this instance's containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The container's labels.
    pub owner: Owner,
    /// The container's generation.
    pub generation: i64,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The process started.
    Started,
    /// The process ended.
    Died,
    /// The kernel killed the process because memory ran out.
    OutOfMemory,
    /// The container was removed.
    Removed,
}

/// Facts about the engine, for `doctor` and the memory budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// Server version.
    pub version: String,
    /// Total memory of the host.
    pub memory_bytes: u64,
    /// Names of the runtimes it can use.
    pub runtimes: Vec<String>,
}

/// Why an operation on the engine failed. The text is meant for admins and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// The engine does not answer.
    #[error("the Docker engine does not answer ({0})")]
    EngineAway(String),
    /// The image is not on the host.
    #[error("the agent image {0} is not on this host; run `make images` there")]
    ImageMissing(String),
    /// All subnets of the pool are in use.
    #[error("all subnets of {0} are in use; widen the pool in the settings")]
    NetworkPoolExhausted(Ipv4Net),
    /// The engine's storage cannot limit the size of volumes.
    #[error(
        "this Docker engine's storage cannot limit the size of a volume (that needs xfs or ext4 with project quotas \
         under Docker's data directory); set limits.diskMib to 0, or move Docker's data directory"
    )]
    NoDiskLimits,
    /// The disk is full.
    #[error("the disk that holds the volumes is full; free some space and try again")]
    VolumeFull,
    /// The published port is in use.
    #[error("a port that the container needs is in use; trying another one")]
    PortTaken,
    /// An object of that name does not have this instance's labels. It must not be touched.
    #[error("{0} exists but does not belong to this Mosaic instance; rename or remove it by hand")]
    NotOurs(String),
    /// The container does not exist.
    #[error("the container does not exist")]
    Missing,
    /// Any other refusal.
    #[error("the Docker engine refused: {0}")]
    Other(String),
}

impl ContainerError {
    /// A stable code; see docs/errors.md.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EngineAway(_) => "engine_away",
            Self::ImageMissing(_) => "image_missing",
            Self::NetworkPoolExhausted(_) => "network_pool_exhausted",
            Self::NoDiskLimits => "no_disk_limits",
            Self::VolumeFull => "volume_full",
            Self::PortTaken => "port_taken",
            Self::NotOurs(_) => "not_ours",
            Self::Missing => "missing",
            Self::Other(_) => "engine_refused",
        }
    }

    /// Whether a retry can succeed without anyone changing anything.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::EngineAway(_) | Self::PortTaken | Self::Missing | Self::Other(_))
    }

    /// Whether the host itself is the cause, so that no container can start until it has recovered.
    pub const fn is_host_failure(&self) -> bool {
        matches!(self, Self::EngineAway(_) | Self::VolumeFull)
    }
}

/// The port. Implemented by crate `runtime`: for Docker, and in memory for tests.
#[async_trait]
pub trait Containers: Send + Sync {
    /// Version, memory and runtimes of the engine.
    async fn engine(&self) -> Result<EngineInfo, ContainerError>;
    /// The image that this name stands for on the host; `None` when it is not there.
    async fn image(&self, name: &str) -> Result<Option<PinnedImage>, ContainerError>;
    /// Whether the engine's storage can limit the size of a state volume. Tries it with an empty volume.
    async fn supports_disk_limits(&self, instance: InstanceId) -> Result<bool, ContainerError>;
    /// The user's network, created if missing.
    async fn ensure_network(
        &self,
        owner: &Owner,
        policy: NetworkPolicy,
        pool: Ipv4Net,
    ) -> Result<Network, ContainerError>;
    /// The user's state volume, created if missing with a limit of `disk_mib` (0 = no limit). An existing volume keeps
    /// its limit.
    async fn ensure_volume(&self, owner: &Owner, disk_mib: u32) -> Result<(), ContainerError>;
    /// The container, created if missing. One of the same generation stays as it is, one of an older generation is
    /// removed first, and one of a newer generation is a [`ContainerError::Other`].
    async fn create(&self, spec: &ContainerSpec, network: &Network)
    -> Result<ContainerState, ContainerError>;
    /// Starts the container and returns its state, with its address. A paused one is resumed. Does nothing to one that
    /// runs.
    async fn start(&self, owner: &Owner) -> Result<ContainerState, ContainerError>;
    /// Freezes the container. Does nothing to one that does not run.
    async fn pause(&self, owner: &Owner) -> Result<(), ContainerError>;
    /// Asks the container to end, and kills it after `grace`. Succeeds when it is stopped or missing.
    async fn stop(&self, owner: &Owner, grace: Duration) -> Result<(), ContainerError>;
    /// Removes the container but not the volume. Succeeds when it is missing.
    async fn remove(&self, owner: &Owner) -> Result<(), ContainerError>;
    /// Removes the user's network. Succeeds when it is missing.
    async fn remove_network(&self, owner: &Owner) -> Result<(), ContainerError>;
    /// Removes the user's state volume, and with it the agent's memory. Succeeds when it is missing.
    async fn remove_volume(&self, owner: &Owner) -> Result<(), ContainerError>;
    /// The content of the user's state volume as a tar whose entries begin with `data/`, or the content of one of its
    /// folders, whose entries begin with the folder's name; `None` when there is no volume. Reads through the user's
    /// container; where there is none, through one created from `image`, which never runs.
    async fn read_volume(
        &self,
        owner: &Owner,
        image: &str,
        folder: Option<&str>,
    ) -> Result<Option<BoxStream<'static, Result<Vec<u8>, ContainerError>>>, ContainerError>;
    /// The container's current state; `None` when there is none.
    async fn inspect(&self, owner: &Owner) -> Result<Option<ContainerState>, ContainerError>;
    /// Bytes of memory in use; `None` unless the container runs.
    async fn memory(&self, owner: &Owner) -> Result<Option<u64>, ContainerError>;
    /// All containers with the instance's label.
    async fn list(&self, instance: InstanceId) -> Result<Vec<ContainerState>, ContainerError>;
    /// All networks and volumes with the labels of the instance and of a user.
    async fn owned_resources(&self, instance: InstanceId) -> Result<Vec<OwnedResource>, ContainerError>;
    /// Events of the instance's containers from now on. The stream ends when the engine goes away.
    async fn watch(
        &self,
        instance: InstanceId,
    ) -> Result<BoxStream<'static, Result<Event, ContainerError>>, ContainerError>;
}
