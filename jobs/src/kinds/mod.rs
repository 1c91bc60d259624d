//! The kinds of jobs: one file each with its payload and its policy. The handlers are in `workers/src/handlers`.

mod apply_config;
mod delete_user;
mod embed;
mod embed_pending;
mod export_data;
mod ingest_session_log;
mod measure_containers;
mod prune_exports;
mod prune_jobs;
mod prune_knowledge;
mod prune_sessions;
mod reap_idle;
mod restart_container;
mod rotate_keys;
mod self_test;
mod start_container;
mod stop_container;
mod sweep_containers;
mod sweep_session_logs;
mod test_provider;
mod warm_up;

pub use apply_config::ApplyConfig;
pub use delete_user::DeleteUser;
pub use embed::Embed;
pub use embed_pending::EmbedPending;
pub use export_data::ExportData;
pub use ingest_session_log::IngestSessionLog;
pub use measure_containers::MeasureContainers;
pub use prune_exports::PruneExports;
pub use prune_jobs::PruneJobs;
pub use prune_knowledge::PruneKnowledge;
pub use prune_sessions::PruneSessions;
pub use reap_idle::ReapIdle;
pub use restart_container::RestartContainer;
pub use rotate_keys::RotateKeys;
pub use self_test::SelfTest;
pub use start_container::StartContainer;
pub use stop_container::StopContainer;
pub use sweep_containers::SweepContainers;
pub use sweep_session_logs::SweepSessionLogs;
pub use test_provider::TestProvider;
pub use warm_up::WarmUp;

use crate::{Job, Lane};

/// Every kind and its lane, by name. The list of handlers is compared with it.
pub const ALL: [(&str, Lane); 21] = [
    entry::<ApplyConfig>(),
    entry::<DeleteUser>(),
    entry::<Embed>(),
    entry::<EmbedPending>(),
    entry::<ExportData>(),
    entry::<IngestSessionLog>(),
    entry::<MeasureContainers>(),
    entry::<PruneExports>(),
    entry::<PruneJobs>(),
    entry::<PruneKnowledge>(),
    entry::<PruneSessions>(),
    entry::<ReapIdle>(),
    entry::<RestartContainer>(),
    entry::<RotateKeys>(),
    entry::<SelfTest>(),
    entry::<StartContainer>(),
    entry::<StopContainer>(),
    entry::<SweepContainers>(),
    entry::<SweepSessionLogs>(),
    entry::<TestProvider>(),
    entry::<WarmUp>(),
];

const fn entry<J: Job>() -> (&'static str, Lane) {
    (J::KIND, J::LANE)
}
