//! The port through which Mosaic drives agent containers.
//!
//! One method per step of a start, each idempotent, so that a step repeated after a crash finds its
//! own earlier work. The types cannot express privileged mode, host mounts or the host's network.

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

/// Whether agents reach the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NetworkPolicy {
    /// Public addresses, never private ones.
    Open,
    /// Only Mosaic's internal port and what an admin allowed.
    Closed,
}

/// Whose container: the three labels that are checked before every action.
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
    /// Its subnet, a /28 of the pool.
    pub subnet: Ipv4Net,
    /// The host's address on it: where the agent reaches Mosaic's internal port.
    pub gateway: Ipv4Addr,
}

/// Where containers reach Mosaic's internal listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Internal {
    /// The host's address; `None` = the one that it has on each container's own network.
    pub host: Option<Ipv4Addr>,
    /// TCP port.
    pub port: u16,
}

impl Internal {
    /// As a container sees it whose network has this gateway.
    pub fn behind(self, gateway: Ipv4Addr) -> SocketAddrV4 {
        SocketAddrV4::new(self.host.unwrap_or(gateway), self.port)
    }
}

/// Everything a container is created from.
#[derive(Debug, Clone)]
pub struct ContainerSpec {
    /// Whose it is.
    pub owner: Owner,
    /// Counts creates; label `mosaic.generation`. A container of an older generation is replaced.
    pub generation: i64,
    /// The image; it must be on the host already.
    pub image: PinnedImage,
    /// Docker runtime (`runc`, `runsc`).
    pub runtime: String,
    /// Resource limits.
    pub limits: Limits,
    /// The container's own gateway token; new at every create.
    pub gateway_token: SecretString,
    /// Where it reaches Mosaic's internal listener.
    pub internal: Internal,
    /// Path of the container's configuration on the internal listener.
    pub config_path: String,
    /// The one private host address on which OpenClaw's port is published.
    pub publish_on: IpAddr,
}

/// What Docker says of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerState {
    /// Whose it is, read from its labels.
    pub owner: Owner,
    /// Its generation, read from its label.
    pub generation: i64,
    /// Docker's id.
    pub docker_id: String,
    /// Image it was created from.
    pub image: PinnedImage,
    /// Its run state.
    pub state: RunState,
    /// Where OpenClaw's port is published; `None` while it does not run.
    pub address: Option<SocketAddr>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last started.
    pub started_at: Option<DateTime<Utc>>,
}

/// A network or state volume that bears the instance's label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedResource {
    /// Whose it is, read from its labels.
    pub user: UserId,
    /// Which of both.
    pub kind: OwnedResourceKind,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
}

/// What outlives a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnedResourceKind {
    /// A user's own network.
    Network,
    /// A user's state volume.
    Volume,
}

/// Docker's run states, as far as they make a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Made, never started.
    Created,
    /// Its process runs.
    Running,
    /// Frozen by `docker pause`.
    Paused,
    /// Its process ended.
    Exited {
        /// Exit code of the entry process.
        code: i64,
        /// Whether the kernel killed it for memory.
        oom_killed: bool,
    },
    /// Being removed or otherwise unusable.
    Dead,
}

/// Something Docker reported about one of this instance's containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Whose it was.
    pub owner: Owner,
    /// The generation it concerned.
    pub generation: i64,
    /// What happened.
    pub what: EventKind,
}

/// What a container event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The process started.
    Started,
    /// The process ended.
    Died,
    /// The kernel killed it for memory.
    OutOfMemory,
    /// The container is gone.
    Removed,
}

/// Facts about the engine for `doctor` and for capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// Server version.
    pub version: String,
    /// Total memory of the host in bytes.
    pub memory_bytes: u64,
    /// Names of the runtimes it can use.
    pub runtimes: Vec<String>,
}

/// Why the runtime could not do it. The text is fit for an admin; it carries no secret.
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
    /// Volumes cannot be limited here.
    #[error(
        "the storage of this Docker engine cannot limit the disk of a volume (it needs xfs or ext4 with project quotas \
         below Docker's folder); set limits.diskMib to 0, or move Docker's folder"
    )]
    NoDiskLimits,
    /// The disk is full.
    #[error("the disk that holds the volumes is full; free some space and try again")]
    VolumeFull,
    /// The published port was taken.
    #[error("a port that the container needs is taken; trying another one")]
    PortTaken,
    /// An object of that name does not bear this instance's labels: hands off.
    #[error("{0} exists but does not belong to this Mosaic instance; rename or remove it by hand")]
    NotOurs(String),
    /// It is not there.
    #[error("the container does not exist")]
    Missing,
    /// Anything else.
    #[error("the Docker engine refused: {0}")]
    Other(String),
}

impl ContainerError {
    /// A short stable name for metrics and job errors.
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

    /// Whether trying again without anybody doing something can help.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::EngineAway(_) | Self::PortTaken | Self::Missing | Self::Other(_))
    }

    /// Whether the host itself is in trouble, whatever container it is about: nothing goes until that is over, and then
    /// everything does.
    pub const fn is_of_the_host(&self) -> bool {
        matches!(self, Self::EngineAway(_) | Self::VolumeFull)
    }
}

/// The port. Implementations: Docker (crate `runtime`), an in-memory fake for tests.
#[async_trait]
pub trait Containers: Send + Sync {
    /// Version, memory and runtimes of the engine.
    async fn engine(&self) -> Result<EngineInfo, ContainerError>;
    /// The image that this name means on the host now; `None` when it is not there.
    async fn image(&self, name: &str) -> Result<Option<PinnedImage>, ContainerError>;
    /// Whether the disk of a state volume can be limited here: tried out with a volume that holds nothing.
    async fn limits_disks(&self, instance: InstanceId) -> Result<bool, ContainerError>;
    /// The user's network, made when it is missing.
    async fn ensure_network(
        &self,
        owner: &Owner,
        policy: NetworkPolicy,
        pool: Ipv4Net,
    ) -> Result<Network, ContainerError>;
    /// The user's state volume, made when it is missing; then it may take `disk_mib` (0 = all that the disk has).
    /// One that is there keeps the size that it was made with.
    async fn ensure_volume(&self, owner: &Owner, disk_mib: u32) -> Result<(), ContainerError>;
    /// The container, made when it is missing. One of the same generation is left as it is; one of
    /// an older generation is removed first; one of a newer generation is an [`ContainerError::Other`].
    async fn create(&self, spec: &ContainerSpec, network: &Network)
    -> Result<ContainerState, ContainerError>;
    /// Starts it; a running one is left alone, a paused one is resumed. Answers with its address.
    async fn start(&self, owner: &Owner) -> Result<ContainerState, ContainerError>;
    /// Freezes it where it stands; one that does not run is left alone.
    async fn pause(&self, owner: &Owner) -> Result<(), ContainerError>;
    /// Asks it to end and kills it after `grace`; a stopped or missing one is fine.
    async fn stop(&self, owner: &Owner, grace: Duration) -> Result<(), ContainerError>;
    /// Removes the container (not the volume); a missing one is fine.
    async fn remove(&self, owner: &Owner) -> Result<(), ContainerError>;
    /// Removes the user's network; a missing one is fine.
    async fn remove_network(&self, owner: &Owner) -> Result<(), ContainerError>;
    /// Removes the user's state volume: his agent's memory is gone. A missing one is fine.
    async fn remove_volume(&self, owner: &Owner) -> Result<(), ContainerError>;
    /// What his state volume holds, as a tar whose entries begin with `data/`, or what a folder of it holds, whose entries
    /// begin with the folder's name; `None` when there is none. `image` makes a container to read it through, one that
    /// never runs, where he has none.
    async fn read_volume(
        &self,
        owner: &Owner,
        image: &str,
        folder: Option<&str>,
    ) -> Result<Option<BoxStream<'static, Result<Vec<u8>, ContainerError>>>, ContainerError>;
    /// What is there now, `None` when nothing is.
    async fn inspect(&self, owner: &Owner) -> Result<Option<ContainerState>, ContainerError>;
    /// Bytes of memory that it uses; `None` unless it runs.
    async fn memory(&self, owner: &Owner) -> Result<Option<u64>, ContainerError>;
    /// All containers that bear the instance's label.
    async fn list(&self, instance: InstanceId) -> Result<Vec<ContainerState>, ContainerError>;
    /// All networks and volumes that bear the instance's label and a user's.
    async fn belongings(&self, instance: InstanceId) -> Result<Vec<OwnedResource>, ContainerError>;
    /// What happens to them from now on. The stream ends when the engine goes away.
    async fn watch(
        &self,
        instance: InstanceId,
    ) -> Result<BoxStream<'static, Result<Event, ContainerError>>, ContainerError>;
}
