//! What a handler knows about the attempt that it runs, and how it reports on it.

use domain::{Actor, JobId, TraceParent, UserId};
use jobs::{
    Result, Tx,
    engine::{AttemptId, ClaimedJob, Engine, Lease, RunsAs},
};
use parking_lot::Mutex;
use std::{sync::Arc, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::Span;

/// One attempt of a job. Cheap to clone.
#[derive(Clone, Debug)]
pub struct JobContext {
    engine: Engine,
    attempt_id: AttemptId,
    kind: &'static str,
    failures: u32,
    owner: Option<UserId>,
    runs_as: RunsAs,
    trace: Option<TraceParent>,
    cancel: CancellationToken,
    phase: Arc<Mutex<Option<Phase>>>,
}

/// A step of the attempt, for metrics and traces: recorded when it is dropped.
#[derive(Debug)]
struct Phase {
    kind: &'static str,
    name: String,
    started_at: Instant,
    _span: Span,
}

impl Phase {
    fn start(kind: &'static str, name: &str) -> Self {
        let span = tracing::info_span!(target: telemetry::SPANS, "phase", otel.name = name);
        Self { kind, name: name.to_owned(), started_at: Instant::now(), _span: span }
    }
}

impl Drop for Phase {
    fn drop(&mut self) {
        telemetry::JOB_PHASE_SECONDS.record_duration([self.kind, &self.name], self.started_at.elapsed());
    }
}

impl JobContext {
    pub(crate) fn new(engine: &Engine, kind: &'static str, job: &ClaimedJob, lease: &Lease) -> Self {
        Self {
            engine: engine.clone(),
            attempt_id: lease.attempt_id(),
            kind,
            failures: job.failures,
            owner: job.owner,
            runs_as: job.runs_as,
            // Jobs that the handler enqueues belong to the span of this attempt, if spans are exported.
            trace: telemetry::current_context(&Span::current()).or_else(|| job.trace.clone()),
            cancel: lease.token().clone(),
            phase: Arc::default(),
        }
    }

    pub const fn id(&self) -> JobId {
        self.attempt_id.job
    }

    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// Which attempt this is, from 1; attempts that were lost or handed back count.
    pub const fn attempt(&self) -> i32 {
        self.attempt_id.attempt
    }

    /// How many attempts before this one failed; attempts that were lost or handed back do not count.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// The user whose data or container it is about.
    pub const fn owner(&self) -> Option<UserId> {
        self.owner
    }

    /// With whose rights it runs: the owner's, or the system's with the kind as the reason.
    pub const fn actor(&self) -> Actor {
        match self.runs_as {
            RunsAs::Owner(person) => Actor::User(person),
            RunsAs::System => Actor::System(self.kind),
        }
    }

    /// The trace of this attempt, or of the request that enqueued the job.
    pub const fn trace(&self) -> Option<&TraceParent> {
        self.trace.as_ref()
    }

    /// Cancelled when the handler must stop: the job was cancelled, the process ends, or another worker has
    /// the job. A handler that does not return within five seconds is dropped at its next await.
    pub const fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Ends the current phase of the attempt and starts the phase `name`. Only for display: an error is logged.
    pub async fn phase(&self, name: &str) {
        *self.phase.lock() = Some(Phase::start(self.kind, name));
        if let Err(error) = self.engine.phase(self.attempt_id, name).await {
            tracing::warn!(%error, phase = name, "cannot record a phase");
        }
    }

    /// Sets the progress in per cent. Only for display: an error is logged.
    pub async fn progress(&self, percent: u8) {
        if let Err(error) = self.engine.progress(self.attempt_id, percent).await {
            tracing::warn!(%error, percent, "cannot record the progress");
        }
    }

    /// Makes `tx` valid only while this attempt holds the job: fails if another worker has it, and prevents a
    /// takeover until `tx` ends. So an effect that is written in `tx` is written by one attempt only.
    pub async fn fence(&self, tx: &mut Tx) -> Result<()> {
        self.engine.fence(self.attempt_id, tx).await
    }
}
