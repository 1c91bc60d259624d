//! Agent containers: how Mosaic's wishes become containers, networks, volumes and firewall rules.
//!
//! * [`DockerContainers`]: the port `domain::containers::Containers` on a Docker engine (bollard);
//! * [`guard`]: the packet filter that keeps agents away from everything but what they may reach;
//! * `isolation`: the port `domain::isolation::IsolationProber`: the walls tried out with real packets;
//! * `fake`: the same port in memory, for tests of other crates (feature `fake`).
//!
//! It must not decide anything: what is wanted comes from the caller, and no table of the database is
//! known here. Nothing outside this crate links bollard or calls `nft`.

mod docker;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
pub mod guard;
mod isolation;
mod labels;
mod names;

pub use docker::{DockerContainers, DockerSettings};
pub use labels::{CONTAINER_LABEL, GENERATION_LABEL, INSTANCE_LABEL, PROBE_LABEL, USER_LABEL};
