//! The kinds of jobs: one file each with its payload and its policy. Handlers: `workers/src/handlers`.

mod restart_container;
mod rotate_keys;
mod start_container;
mod stop_container;
mod test_provider;

pub use restart_container::RestartContainer;
pub use rotate_keys::RotateKeys;
pub use start_container::StartContainer;
pub use stop_container::StopContainer;
pub use test_provider::TestProvider;

use crate::Job;

/// Every kind there is. A worker's registry is compared with it.
pub const ALL: [&str; 5] =
    [RestartContainer::KIND, RotateKeys::KIND, StartContainer::KIND, StopContainer::KIND, TestProvider::KIND];
