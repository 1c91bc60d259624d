//! The last step of a start: wait until OpenClaw answers, or say why it does not.

use super::{StartFailure, owner, warm_up};
use crate::{Progress, Services};
use domain::{
    containers::{ContainerState, Containers, RunState},
    settings::Settings,
    turn::Stage,
};
use openclaw::Readiness;
use std::{net::SocketAddr, time::Duration};
use store::containers::{self, Container, ContainerObservation};
use tokio::time::Instant;

/// How often a booting container is asked whether it is ready.
const POLL: Duration = Duration::from_millis(100);

/// Nothing at all from a gateway that had been ready, for so long, is no slowness: its own reload takes eight seconds.
const HANGS: Duration = Duration::from_secs(20);

/// Why a container that runs did not become ready.
pub(super) enum Unready {
    /// It had been, and nothing comes from it any more.
    Hung,
    /// Anything else.
    Failed(StartFailure),
}

impl From<StartFailure> for Unready {
    fn from(failure: StartFailure) -> Self {
        Self::Failed(failure)
    }
}

/// A container that runs and does not answer yet.
pub(super) struct Wait<'a> {
    pub(super) services: &'a Services,
    pub(super) engine: &'a dyn Containers,
    pub(super) job: &'a dyn Progress,
    pub(super) settings: &'a Settings,
    pub(super) row: &'a Container,
}

impl Wait<'_> {
    async fn observe(&self, sight: ContainerObservation) -> Result<(), StartFailure> {
        let mut tx = self.services.store.system("start of a container").await?;
        containers::observe(&mut tx, self.row.id, self.row.generation, &sight, "").await?;
        tx.commit().await?;
        Ok(())
    }

    /// Waits; returns when its row says ready.
    pub(super) async fn run(&self, seen: &ContainerState) -> Result<(), Unready> {
        let Some(address) = seen.address else {
            let failure = StartFailure::new(
                "no_address",
                "Your agent could not be started.",
                "Its port was not published.",
            );
            return Err(failure.into());
        };
        let probe = self.services.gateways.probe(address);
        let was_ready = self.was_ready(seen);
        let mut heard = Instant::now();
        let deadline = Instant::now() + Duration::from_secs(self.settings.start_timeout_seconds.into());
        let mut loading = false;
        loop {
            match probe.ready().await {
                Readiness::Ready => {
                    self.job.phase("ready").await;
                    return Ok(self.is_ready(address, was_ready).await?);
                }
                Readiness::Loading => {
                    heard = Instant::now();
                    if !std::mem::replace(&mut loading, true) {
                        self.job.phase("load").await;
                        self.observe(ContainerObservation::Stage(Stage::Loading)).await?;
                    }
                }
                Readiness::Starting | Readiness::Unreachable if was_ready && heard.elapsed() >= HANGS => {
                    return Err(Unready::Hung);
                }
                Readiness::Starting | Readiness::Unreachable => {}
            }
            self.still_running().await?;
            if Instant::now() >= deadline {
                return Err(timed_out().into());
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = self.job.cancel().cancelled() => return Err(cancelled().into()),
            }
        }
    }

    async fn is_ready(&self, address: SocketAddr, was_ready: bool) -> Result<(), StartFailure> {
        let mut tx = self.services.store.system("start of a container").await?;
        let sight = ContainerObservation::Ready { address: address.to_string() };
        let stored = containers::observe(&mut tx, self.row.id, self.row.generation, &sight, "").await?;
        if stored && !was_ready {
            warm_up::ask(&mut tx, self.row).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Whether this very process has been ready: it is not booting any more.
    fn was_ready(&self, seen: &ContainerState) -> bool {
        self.row.ready_at.is_some_and(|ready| seen.started_at.is_some_and(|started| started < ready))
    }

    /// A container that ended while it was waited for says why.
    async fn still_running(&self) -> Result<(), StartFailure> {
        match self.engine.inspect(&owner(self.services, self.row)).await? {
            Some(ContainerState { state: RunState::Running, .. }) => Ok(()),
            Some(ContainerState { state: RunState::Exited { oom_killed: true, .. }, .. }) => {
                Err(StartFailure::new(
                    "out_of_memory",
                    &format!(
                        "Your agent ran out of memory ({}) while it started.",
                        self.row.has_limits(self.settings.limits).memory_words()
                    ),
                    "Ask your admin to raise the memory limit (OpenClaw needs 2 GiB).",
                ))
            }
            Some(ContainerState { state: RunState::Exited { code, .. }, .. }) => Err(StartFailure::new(
                "exited",
                "Your agent ended while it started.",
                format!(
                    "Its process ended with exit code {code}. It is started again by itself a few times."
                ),
            )),
            _ => Err(StartFailure::new(
                "vanished",
                "Your agent's container vanished while it started.",
                "It is made again.",
            )),
        }
    }
}

fn timed_out() -> StartFailure {
    StartFailure::new(
        "start_timed_out",
        "Your agent did not become ready in time.",
        "The server may be busy. Try again; if it stays like this, ask your admin to look at the server.",
    )
}

fn cancelled() -> StartFailure {
    StartFailure::new("cancelled", "The start was cancelled.", "Send a message to start your agent again.")
}
