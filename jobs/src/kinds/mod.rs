//! The kinds of jobs: one file each with its payload and its policy. Handlers: `workers/src/handlers`.

mod apply_config;
mod ingest_session_log;
mod prune_jobs;
mod reap_idle;
mod restart_container;
mod rotate_keys;
mod start_container;
mod stop_container;
mod sweep_containers;
mod sweep_session_logs;
mod test_provider;

pub use apply_config::ApplyConfig;
pub use ingest_session_log::IngestSessionLog;
pub use prune_jobs::PruneJobs;
pub use reap_idle::ReapIdle;
pub use restart_container::RestartContainer;
pub use rotate_keys::RotateKeys;
pub use start_container::StartContainer;
pub use stop_container::StopContainer;
pub use sweep_containers::SweepContainers;
pub use sweep_session_logs::SweepSessionLogs;
pub use test_provider::TestProvider;

use crate::Job;

/// Every kind there is. A worker's registry is compared with it.
pub const ALL: [&str; 11] = [
    ApplyConfig::KIND,
    IngestSessionLog::KIND,
    PruneJobs::KIND,
    ReapIdle::KIND,
    RestartContainer::KIND,
    RotateKeys::KIND,
    StartContainer::KIND,
    StopContainer::KIND,
    SweepContainers::KIND,
    SweepSessionLogs::KIND,
    TestProvider::KIND,
];
