//! What a handler knows about the attempt it runs, and how it speaks about it.

use domain::{Actor, JobId, TraceParent, UserId};
use jobs::{
    Result, Tx,
    engine::{Acting, Claimed, Engine, Lease, Ticket},
};
use tokio_util::sync::CancellationToken;

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
            trace: job.trace.clone(),
            cancel: lease.token().clone(),
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
