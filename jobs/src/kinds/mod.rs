//! The kinds of jobs: one file each with its payload and its policy. Handlers: `workers/src/handlers`.

mod apply_config;
mod embed;
mod embed_pending;
mod prune_jobs;
mod prune_knowledge;
mod reap_idle;
mod restart_container;
mod rotate_keys;
mod start_container;
mod stop_container;
mod sweep_containers;
mod test_provider;

pub use apply_config::ApplyConfig;
pub use embed::Embed;
pub use embed_pending::EmbedPending;
pub use prune_jobs::PruneJobs;
pub use prune_knowledge::PruneKnowledge;
pub use reap_idle::ReapIdle;
pub use restart_container::RestartContainer;
pub use rotate_keys::RotateKeys;
pub use start_container::StartContainer;
pub use stop_container::StopContainer;
pub use sweep_containers::SweepContainers;
pub use test_provider::TestProvider;

use crate::Job;

/// Every kind there is. A worker's registry is compared with it.
pub const ALL: [&str; 12] = [
    ApplyConfig::KIND,
    Embed::KIND,
    EmbedPending::KIND,
    PruneJobs::KIND,
    PruneKnowledge::KIND,
    ReapIdle::KIND,
    RestartContainer::KIND,
    RotateKeys::KIND,
    StartContainer::KIND,
    StopContainer::KIND,
    SweepContainers::KIND,
    TestProvider::KIND,
];
