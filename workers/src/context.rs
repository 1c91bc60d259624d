//! What a handler knows about the attempt it runs, and how it speaks about it.

use domain::{Actor, JobId, TraceParent, UserId};
use jobs::{
    Result, Tx,
    engine::{Acting, Claimed, Engine, Lease, Ticket},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::Span;

/// One attempt of a job. Cheap to clone.
#[derive(Clone, Debug)]
pub struct JobContext {
    engine: Engine,
    ticket: Ticket,
    kind: &'static str,
    failures: u32,
    owner: Option<UserId>,
    acting: Acting,
    trace: Option<TraceParent>,
    cancel: CancellationToken,
    phase: Arc<Mutex<Option<Phase>>>,
}

/// A step of the attempt, as whoever watches the product sees it: measured and traced when it ends.
#[derive(Debug)]
struct Phase {
    kind: &'static str,
    name: String,
    began: Instant,
    _span: Span,
}

impl Phase {
    fn begin(kind: &'static str, name: &str) -> Self {
        let span = tracing::info_span!(target: telemetry::SPANS, "phase", otel.name = name);
        Self { kind, name: name.to_owned(), began: Instant::now(), _span: span }
    }
}

impl Drop for Phase {
    fn drop(&mut self) {
        telemetry::JOB_PHASE.record_duration([self.kind, &self.name], self.began.elapsed());
    }
}

impl JobContext {
    pub(crate) fn new(engine: &Engine, kind: &'static str, job: &Claimed, lease: &Lease) -> Self {
        Self {
            engine: engine.clone(),
            ticket: lease.ticket(),
            kind,
            failures: job.failures,
            owner: job.owner,
            acting: job.acting,
            // What the handler asks for is this attempt's doing, where spans have a place.
            trace: telemetry::current_context(&Span::current()).or_else(|| job.trace.clone()),
            cancel: lease.token().clone(),
            phase: Arc::default(),
        }
    }

    /// The job.
    pub const fn id(&self) -> JobId {
        self.ticket.job
    }

    /// Its kind.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// Which attempt this is, from 1; lost and handed-back ones count.
    pub const fn attempt(&self) -> i32 {
        self.ticket.attempt
    }

    /// How many attempts before this one failed; lost and handed-back ones do not count.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Whose thing it is about.
    pub const fn owner(&self) -> Option<UserId> {
        self.owner
    }

    /// With whose rights it runs: the owner's, or the product's with the kind as reason.
    pub const fn actor(&self) -> Actor {
        match self.acting {
            Acting::Owner(person) => Actor::User(person),
            Acting::System => Actor::System(self.kind),
        }
    }

    /// The trace of the request that asked for the job.
    pub const fn trace(&self) -> Option<&TraceParent> {
        self.trace.as_ref()
    }

    /// Cancelled when the handler must stop: the job was cancelled, the process ends, or another worker has
    /// the job. A handler that does not return within five seconds after is dropped at its next await.
    pub const fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Ends the present phase of the attempt and begins `name`. For the eye only: a failure is logged.
    pub async fn phase(&self, name: &str) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = Some(Phase::begin(self.kind, name));
        if let Err(error) = self.engine.phase(self.ticket, name).await {
            tracing::warn!(%error, phase = name, "cannot note a phase");
        }
    }

    /// Sets the progress in per cent. For the eye only: a failure is logged.
    pub async fn progress(&self, percent: u8) {
        if let Err(error) = self.engine.progress(self.ticket, percent).await {
            tracing::warn!(%error, percent, "cannot note the progress");
        }
    }

    /// Makes `tx` valid only while this attempt holds the job: fails when another worker has it, and keeps it
    /// from being taken over until `tx` ends. An effect written in `tx` is written by one attempt only.
    pub async fn fence(&self, tx: &mut Tx) -> Result<()> {
        self.engine.fence(self.ticket, tx).await
    }
}
