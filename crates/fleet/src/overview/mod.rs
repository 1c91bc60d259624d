//! The fleet as admins manage it: the state of every container, stop and restart. Never content.

mod act;
mod list;
mod measure;

pub use act::{restart, stop};
pub use list::{ContainerUser, FleetContainerResponse, Memory, budget, list};
pub use measure::measure;
