//! The last step of a start: wait until OpenClaw answers, or say why it does not.

use super::{StartFailure, owner};
use crate::{Progress, Services};
use domain::{
    containers::{Containers, RunState, Seen},
    settings::Settings,
    turn::Stage,
};
use openclaw::Readiness;
use std::time::Duration;
use store::containers::{self, Container, Sight};
use tokio::time::Instant;

/// How often a booting container is asked whether it is ready.
const POLL: Duration = Duration::from_millis(100);

/// A container that runs and does not answer yet.
pub(super) struct Wait<'a> {
    pub(super) services: &'a Services,
    pub(super) engine: &'a dyn Containers,
    pub(super) job: &'a dyn Progress,
    pub(super) settings: &'a Settings,
    pub(super) row: &'a Container,
}

impl Wait<'_> {
    async fn observe(&self, sight: Sight) -> Result<(), StartFailure> {
        let mut tx = self.services.store.system("start of a container").await?;
        containers::observe(&mut tx, self.row.id, self.row.generation, &sight, "").await?;
        tx.commit().await?;
        Ok(())
    }

    /// Waits; returns when its row says ready.
    pub(super) async fn run(&self, seen: &Seen) -> Result<(), StartFailure> {
        let Some(address) = seen.address else {
            return Err(StartFailure::new(
                "no_address",
                "Your agent could not be started.",
                "Its port was not published.",
            ));
        };
        let probe = self.services.gateways.probe(address);
        let deadline = Instant::now() + Duration::from_secs(self.settings.start_timeout_seconds.into());
        let mut loading = false;
        loop {
            match probe.ready().await {
                Readiness::Ready => {
                    self.job.phase("ready").await;
                    return self.observe(Sight::Ready { address: address.to_string() }).await;
                }
                Readiness::Loading if !loading => {
                    loading = true;
                    self.job.phase("load").await;
                    self.observe(Sight::Stage(Stage::Loading)).await?;
                }
                Readiness::Loading | Readiness::Starting | Readiness::Unreachable => {}
            }
            self.still_running().await?;
            if Instant::now() >= deadline {
                return Err(StartFailure::new(
                    "start_timed_out",
                    "Your agent did not become ready in time.",
                    "The server may be busy. Try again; if it stays like this, ask your admin to look at the server.",
                ));
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = self.job.cancel().cancelled() => return Err(StartFailure::new(
                    "cancelled", "The start was cancelled.", "Send a message to start your agent again.")),
            }
        }
    }

    /// A container that ended while it was waited for says why.
    async fn still_running(&self) -> Result<(), StartFailure> {
        match self.engine.inspect(&owner(self.services, self.row)).await? {
            Some(Seen { state: RunState::Running, .. }) => Ok(()),
            Some(Seen { state: RunState::Exited { oom_killed: true, .. }, .. }) => Err(StartFailure::new(
                "out_of_memory",
                &format!(
                    "Your agent ran out of memory ({}) while it started.",
                    self.settings.limits.memory_words()
                ),
                "Ask your admin to raise the memory limit (OpenClaw needs 2 GiB).",
            )),
            Some(Seen { state: RunState::Exited { code, .. }, .. }) => Err(StartFailure::new(
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
