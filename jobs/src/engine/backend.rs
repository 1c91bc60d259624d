//! The backend of one lane's apalis worker: apalis's state machine `Persisted` over our persistence.

use super::{
    Engine, LeasedJob,
    persistence::{BackendError, LanePersistence},
};
use crate::Lane;
use apalis_core::{
    backend::{Backend, BackendConfig, finalize::Ephemeral, persistence::Persisted},
    layers::Identity,
    task::Task,
    worker::context::WorkerContext,
};
use std::{
    task::{Context, Poll},
    time::Duration,
};
use uuid::Uuid;

/// apalis's heartbeat does nothing here; see [`Engine::run_background`].
const APALIS_HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3600);

/// The jobs of one lane, as apalis takes them.
#[derive(Debug, Clone)]
pub struct LaneBackend {
    persisted: Persisted<LanePersistence>,
}

impl LaneBackend {
    pub(super) fn new(engine: Engine, lane: Lane) -> Self {
        Self { persisted: Persisted::new(LanePersistence::new(engine, lane)) }
    }
}

impl Backend for LaneBackend {
    type Task = Task<LeasedJob>;
    type Error = BackendError;

    fn poll_ready(&mut self, cx: &mut Context<'_>, worker: &WorkerContext) -> Poll<Result<(), BackendError>> {
        self.persisted.poll_ready(cx, worker, APALIS_HEARTBEAT_INTERVAL)
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Option<Result<Task<LeasedJob>, BackendError>>> {
        self.persisted.poll_next(cx, worker)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, worker: &WorkerContext) -> Poll<Result<(), BackendError>> {
        self.persisted.poll_close(cx, worker)
    }
}

impl BackendConfig for LaneBackend {
    type Args = LeasedJob;
    type Id = Uuid;
    // The worker's registry parses the payload: one that cannot be parsed must not reach apalis as an error.
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _worker: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}
