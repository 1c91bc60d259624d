//! One handler per kind of job: from payload to use-case, from its error to an outcome.

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

use crate::{JobContext, Registry};
use domain::{containers::Containers, isolation::IsolationProber};
use fleet::{
    Cx, Error, Origin, Services,
    containers::{Placement, StartFailure},
};
use jobs::{
    Outcome,
    kinds::{
        ApplyConfig, DeleteUser, Embed, EmbedPending, ExportData, IngestSessionLog, MeasureContainers,
        PruneExports, PruneJobs, PruneKnowledge, PruneSessions, ReapIdle, RestartContainer, RotateKeys,
        SelfTest, StartContainer, StopContainer, SweepContainers, SweepSessionLogs, TestProvider, WarmUp,
    },
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What handlers work with.
#[derive(Clone)]
pub struct Tools {
    /// The use-cases.
    pub services: Arc<Services>,
    /// The containers.
    pub engine: Arc<dyn Containers>,
    /// What tries the walls around them.
    pub walls: Arc<dyn IsolationProber>,
    /// Where containers meet Mosaic.
    pub placement: Placement,
    /// Port of the public listener.
    pub public_port: u16,
}

/// The handlers of all kinds.
pub fn registry(tools: Tools) -> Registry {
    let with = |tools: &Tools| tools.clone();
    let (start, stop, restart, apply) = (with(&tools), with(&tools), with(&tools), with(&tools));
    let (reap, sweep, prune, rotate) = (with(&tools), with(&tools), with(&tools), with(&tools));
    let (delete, export, expire) = (with(&tools), with(&tools), with(&tools));
    let (embed, embed_all, forget) = (with(&tools), with(&tools), with(&tools));
    let (ingest, sweep_logs, prune_sessions) = (with(&tools), with(&tools), with(&tools));
    let (measure, self_test, warm, test) = (with(&tools), with(&tools), with(&tools), tools);
    Registry::new()
        .handle(move |job, payload: RotateKeys| rotate_keys::handle(rotate.clone(), job, payload))
        .handle(move |job, payload: ApplyConfig| apply_config::handle(apply.clone(), job, payload))
        .handle(move |job, payload: PruneJobs| prune_jobs::handle(prune.clone(), job, payload))
        .handle(move |job, payload: ReapIdle| reap_idle::handle(reap.clone(), job, payload))
        .handle(move |job, payload: SweepContainers| sweep_containers::handle(sweep.clone(), job, payload))
        .handle(move |job, payload: StartContainer| start_container::handle(start.clone(), job, payload))
        .handle(move |job, payload: StopContainer| stop_container::handle(stop.clone(), job, payload))
        .handle(move |job, payload: RestartContainer| {
            restart_container::handle(restart.clone(), job, payload)
        })
        .handle(move |job, payload: MeasureContainers| {
            measure_containers::handle(measure.clone(), job, payload)
        })
        .handle(move |job, payload: DeleteUser| delete_user::handle(delete.clone(), job, payload))
        .handle(move |job, payload: ExportData| export_data::handle(export.clone(), job, payload))
        .handle(move |job, payload: PruneExports| prune_exports::handle(expire.clone(), job, payload))
        .handle(move |job, payload: SelfTest| self_test::handle(self_test.clone(), job, payload))
        .handle(move |job, payload: Embed| embed::handle(embed.clone(), job, payload))
        .handle(move |job, payload: EmbedPending| embed_pending::handle(embed_all.clone(), job, payload))
        .handle(move |job, payload: PruneKnowledge| prune_knowledge::handle(forget.clone(), job, payload))
        .handle(move |job, payload: PruneSessions| {
            prune_sessions::handle(prune_sessions.clone(), job, payload)
        })
        .handle(move |job, payload: IngestSessionLog| {
            ingest_session_log::handle(ingest.clone(), job, payload)
        })
        .handle(move |job, payload: SweepSessionLogs| {
            sweep_session_logs::handle(sweep_logs.clone(), job, payload)
        })
        .handle(move |job, payload: WarmUp| warm_up::handle(warm.clone(), job, payload))
        .handle(move |job, payload: TestProvider| test_provider::handle(test.clone(), job, payload))
}

impl Tools {
    /// The context of a use-case that this job runs.
    fn cx(&self, job: &JobContext) -> Cx {
        let trace = job.trace().cloned();
        let origin =
            Origin { request_id: job.id().to_string(), address: "worker".into(), trace, ..Origin::default() };
        Cx { actor: job.actor(), origin, services: Arc::clone(&self.services) }
    }
}

#[async_trait::async_trait]
impl fleet::Progress for JobContext {
    async fn phase(&self, name: &str) {
        JobContext::phase(self, name).await;
    }
    async fn progress(&self, percent: u8) {
        JobContext::progress(self, percent).await;
    }
    fn cancel(&self) -> &CancellationToken {
        JobContext::cancel(self)
    }
}

/// What is told of a fault of ours.
const FAULT: &str = "Something went wrong on the server; its log has the details.";

/// The one table from a use-case's error to an outcome.
fn outcome(error: Error) -> Outcome {
    match error {
        Error::Unavailable { retry_after, detail, .. } => {
            Outcome::Retry { after: Some(retry_after), why: detail }
        }
        Error::Internal(cause) => {
            tracing::error!(%cause, "job failed");
            Outcome::retry(FAULT)
        }
        refused => Outcome::fail(refused.to_string()),
    }
}

/// The same for a start that did not succeed.
fn start_outcome(failure: &StartFailure) -> Outcome {
    let why = format!("{} {}", failure.title, failure.detail);
    if failure.passing { Outcome::retry(why) } else { Outcome::fail(why) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jobs::kinds;

    /// Compiles only while every kind's payload has a handler of its type; here the two lists are compared.
    #[test]
    fn every_kind_has_a_handler_and_the_reverse() {
        let source = include_str!("mod.rs");
        let handled = source.matches(concat!(".handle", "(move |")).count();
        assert_eq!(handled, kinds::ALL.len(), "jobs/src/kinds and workers/src/handlers differ");
    }
}
