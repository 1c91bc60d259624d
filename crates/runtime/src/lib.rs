//! Agent containers: containers, networks, volumes and firewall rules.
//!
//! * [`DockerContainers`]: the port `domain::containers::Containers` on a Docker engine (bollard);
//! * [`guard`]: the packet filter for agents' networks;
//! * `isolation`: the port `domain::isolation::IsolationProber`, which tests the isolation with real packets;
//! * `fake`: the port `Containers` in memory, for tests of other crates (feature `fake`).
//!
//! It must not decide anything: the caller passes what it wants, and the database is not known here. Nothing
//! outside this crate links bollard or calls `nft`.

mod docker;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
pub mod guard;
mod isolation;
mod labels;
mod names;

pub use docker::{DockerContainers, DockerSettings};
pub use labels::{CONTAINER_LABEL, GENERATION_LABEL, INSTANCE_LABEL, PROBE_LABEL, USER_LABEL};
