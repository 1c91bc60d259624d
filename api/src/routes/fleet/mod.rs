//! `/api/fleet`: all containers and their isolation, for admins. Never users' content.

pub mod containers;
pub mod self_test;
pub mod system_containers;
