//! One handler per kind of job: calls the use case, and turns its error into an outcome.

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
use jobs::{Job, Outcome, kinds};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What handlers work with.
#[derive(Clone)]
pub struct Tools {
    pub services: Arc<Services>,
    pub engine: Arc<dyn Containers>,
    pub isolation_prober: Arc<dyn IsolationProber>,
    /// Where containers reach Mosaic, and Mosaic them.
    pub placement: Placement,
    /// Port of the public listener.
    pub public_port: u16,
}

/// The handler of every kind, in the order of [`kinds::ALL`].
fn handlers() -> [Handler; kinds::ALL.len()] {
    [
        handler(apply_config::handle),
        handler(delete_user::handle),
        handler(embed::handle),
        handler(embed_pending::handle),
        handler(export_data::handle),
        handler(ingest_session_log::handle),
        handler(measure_containers::handle),
        handler(prune_exports::handle),
        handler(prune_jobs::handle),
        handler(prune_knowledge::handle),
        handler(prune_sessions::handle),
        handler(reap_idle::handle),
        handler(restart_container::handle),
        handler(rotate_keys::handle),
        handler(self_test::handle),
        handler(start_container::handle),
        handler(stop_container::handle),
        handler(sweep_containers::handle),
        handler(sweep_session_logs::handle),
        handler(test_provider::handle),
        handler(warm_up::handle),
    ]
}

/// A kind, and what registers its handler: without the type of the payload, so that all of them fit into one list.
type Handler = (&'static str, Box<dyn FnOnce(Registry, Tools) -> Registry>);

fn handler<J, Fut>(handle: fn(Tools, JobContext, J) -> Fut) -> Handler
where
    J: Job,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    let register = move |registry: Registry, tools: Tools| {
        registry.handle(move |job, payload: J| handle(tools.clone(), job, payload))
    };
    (J::KIND, Box::new(register))
}

/// The handlers of all kinds.
pub fn registry(tools: &Tools) -> Registry {
    handlers().into_iter().fold(Registry::new(), |registry, (_, register)| register(registry, tools.clone()))
}

impl Tools {
    /// The context of a use case that this job runs.
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

/// What the job's owner reads about an internal error.
const INTERNAL_ERROR_REASON: &str = "Something went wrong on the server; its log has the details.";

/// The one table from a use case's error to an outcome.
fn outcome(error: Error) -> Outcome {
    match error {
        Error::Unavailable { retry_after, detail, .. } => {
            Outcome::Retry { after: Some(retry_after), reason: detail }
        }
        Error::Internal(cause) => {
            tracing::error!(%cause, "job failed");
            Outcome::retry(INTERNAL_ERROR_REASON)
        }
        other => Outcome::fail(other.to_string()),
    }
}

/// The same for a failed start or stop of a container.
fn start_outcome(failure: &StartFailure) -> Outcome {
    let reason = format!("{} {}", failure.title, failure.detail);
    if failure.is_transient { Outcome::retry(reason) } else { Outcome::fail(reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_handler() {
        let handled = handlers().map(|(kind, _)| kind);
        assert_eq!(
            handled,
            kinds::ALL.map(|(kind, _)| kind),
            "workers/src/handlers differs from jobs/src/kinds"
        );
    }
}
