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

/// How often a booting container is probed.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A gateway that had been ready and does not answer for so long hangs: its own reload takes eight seconds.
const HANG_TIMEOUT: Duration = Duration::from_secs(20);

/// Why a container that runs did not become ready.
pub(super) enum Unready {
    /// It had been ready, and does not answer any more.
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
pub(super) struct ReadinessWait<'a> {
    pub(super) services: &'a Services,
    pub(super) engine: &'a dyn Containers,
    pub(super) job: &'a dyn Progress,
    pub(super) settings: &'a Settings,
    pub(super) row: &'a Container,
}

impl ReadinessWait<'_> {
    async fn observe(&self, observation: ContainerObservation) -> Result<(), StartFailure> {
        let store = &self.services.store;
        store
            .run_system("start of a container", async |tx| {
                containers::observe(tx, self.row.id, self.row.generation, &observation, "").await
            })
            .await?;
        Ok(())
    }

    /// Waits until it is ready and its row says so.
    pub(super) async fn run(&self, observed: &ContainerState) -> Result<(), Unready> {
        let Some(address) = observed.address else {
            let failure = StartFailure::new(
                "no_address",
                "Your agent could not be started.",
                "Its port was not published.",
            );
            return Err(failure.into());
        };
        let probe = self.services.gateways.probe(address);
        let was_ready = self.was_ready(observed);
        let mut last_answer = Instant::now();
        let deadline = Instant::now() + Duration::from_secs(self.settings.start_timeout_seconds.into());
        let mut loading = false;
        loop {
            match probe.readiness().await {
                Readiness::Ready => {
                    self.job.phase("ready").await;
                    return Ok(self.record_ready(address, was_ready).await?);
                }
                Readiness::Loading => {
                    last_answer = Instant::now();
                    if !std::mem::replace(&mut loading, true) {
                        self.job.phase("load").await;
                        self.observe(ContainerObservation::Stage(Stage::Loading)).await?;
                    }
                }
                Readiness::Starting | Readiness::Unreachable
                    if was_ready && last_answer.elapsed() >= HANG_TIMEOUT =>
                {
                    return Err(Unready::Hung);
                }
                Readiness::Starting | Readiness::Unreachable => {}
            }
            self.check_running().await?;
            if Instant::now() >= deadline {
                return Err(timed_out().into());
            }
            tokio::select! {
                () = tokio::time::sleep(POLL_INTERVAL) => {}
                () = self.job.cancel().cancelled() => return Err(cancelled().into()),
            }
        }
    }

    async fn record_ready(&self, address: SocketAddr, was_ready: bool) -> Result<(), StartFailure> {
        let mut tx = self.services.store.system("start of a container").await?;
        let observation = ContainerObservation::Ready { address: address.to_string() };
        let stored = containers::observe(&mut tx, self.row.id, self.row.generation, &observation, "").await?;
        if stored && !was_ready {
            warm_up::enqueue_if_unused(&mut tx, self.row).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Whether this process of the container has been ready before: then it is not booting.
    fn was_ready(&self, observed: &ContainerState) -> bool {
        self.row.ready_at.is_some_and(|ready| observed.started_at.is_some_and(|started| started < ready))
    }

    /// Why a container ended while it was waited for.
    async fn check_running(&self) -> Result<(), StartFailure> {
        match self.engine.inspect(&owner(self.services, self.row)).await? {
            Some(ContainerState { state: RunState::Running, .. }) => Ok(()),
            Some(ContainerState { state: RunState::Exited { oom_killed: true, .. }, .. }) => {
                Err(StartFailure::new(
                    "out_of_memory",
                    &format!(
                        "Your agent ran out of memory ({}) while it started.",
                        self.row.current_limits(self.settings.limits).memory_text()
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
                "It is created again.",
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
