//! The backend of one lane's apalis worker: apalis's `Persisted` state machine over our persistence.

use super::{
    Engine, Leased,
    persistence::{LanePersistence, Refused},
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

/// apalis's heartbeat carries nothing here; see [`Engine::keep`].
const HEARTBEAT: Duration = Duration::from_secs(3600);

/// Jobs of one lane, as apalis takes them.
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
    type Task = Task<Leased>;
    type Error = Refused;

    fn poll_ready(&mut self, cx: &mut Context<'_>, worker: &WorkerContext) -> Poll<Result<(), Refused>> {
        self.persisted.poll_ready(cx, worker, HEARTBEAT)
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Option<Result<Task<Leased>, Refused>>> {
        self.persisted.poll_next(cx, worker)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, worker: &WorkerContext) -> Poll<Result<(), Refused>> {
        self.persisted.poll_close(cx, worker)
    }
}

impl BackendConfig for LaneBackend {
    type Args = Leased;
    type Id = Uuid;
    // The worker's registry decodes: a payload that cannot be read must not reach apalis as an error.
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
