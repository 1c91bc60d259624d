//! `/api/fleet`: everybody's containers and the walls around them, for admins. Never content.

pub mod containers;
pub mod self_test;
pub mod system_containers;
