//! Bring a container up: one idempotent step after the other until it answers.
//!
//! Each round asks Docker what is there, lets `domain::lifecycle::plan` say the next step, and does
//! it. A worker that dies in between is followed by another one that finds what was done. What is
//! stored is guarded by the generation, so a worker that was thought dead changes nothing.

use super::{StartFailure, owner, token_place};
use crate::{Progress, Services, keys, settings};
use domain::{
    ContainerId,
    containers::{ContainerSpec, Containers, RunState, Seen},
    lifecycle::{Desired, Step, plan},
    turn::Stage,
};
use openclaw::Readiness;
use std::{net::IpAddr, time::Duration};
use store::containers::{self, Container, NewToken, Sight};
use tokio::time::Instant;
use vault::{Sealed, Token, TokenKind};

/// How often a booting container is asked whether it is ready.
const POLL: Duration = Duration::from_millis(100);
/// More steps than any start needs: a bound, should engine and plan ever disagree.
const MOST_STEPS: usize = 12;

/// Where this worker's containers meet Mosaic.
#[derive(Debug, Clone, Copy)]
pub struct Placement {
    /// The one host address on which gateways are published.
    pub publish_on: IpAddr,
    /// Port of Mosaic's internal listener.
    pub internal_port: u16,
}

/// Brings the container up and waits until it answers. Nothing to do when it is not wanted any more.
pub async fn bring_up(
    services: &Services,
    engine: &dyn Containers,
    placement: Placement,
    job: &dyn Progress,
    id: ContainerId,
) -> Result<(), StartFailure> {
    let start = Start { services, engine, placement, job, id };
    for _ in 0..MOST_STEPS {
        let Some(row) = start.row().await? else { return Ok(()) };
        if row.desired() != Desired::Running {
            return Ok(());
        }
        let seen = engine.inspect(&owner(services, &row)).await?;
        match plan(row.wanted(), seen.as_ref()) {
            Step::Create => start.create(&row).await?,
            Step::Start => start.start(&row).await?,
            Step::Remove => engine.remove(&owner(services, &row)).await?,
            Step::Stop | Step::Reread => {}
            Step::Settled => match seen {
                Some(seen) => return start.await_ready(&row, &seen).await,
                None => return Ok(()),
            },
        }
    }
    Err(StartFailure::new(
        "unsettled",
        "Your agent could not be started.",
        "The container did not settle. Try again.",
    ))
}

struct Start<'a> {
    services: &'a Services,
    engine: &'a dyn Containers,
    placement: Placement,
    job: &'a dyn Progress,
    id: ContainerId,
}

impl Start<'_> {
    async fn row(&self) -> Result<Option<Container>, StartFailure> {
        let mut tx = self.services.store.system("start of a container").await?;
        Ok(containers::get(&mut tx, self.id).await?)
    }

    async fn observe(&self, row: &Container, sight: Sight) -> Result<(), StartFailure> {
        let mut tx = self.services.store.system("start of a container").await?;
        containers::observe(&mut tx, self.id, row.generation, &sight, "").await?;
        tx.commit().await?;
        Ok(())
    }

    async fn create(&self, row: &Container) -> Result<(), StartFailure> {
        let owner = owner(self.services, row);
        let settings = settings::read(&self.services.store).await?;
        self.observe(row, Sight::Stage(Stage::Creating)).await?;
        self.job.phase("image").await;
        if !self.engine.image_present(&settings.agent_image).await? {
            return Err(domain::containers::ContainerError::ImageMissing(settings.agent_image.clone()).into());
        }
        self.job.phase("network").await;
        let network =
            self.engine.ensure_network(&owner, settings.network_policy, settings.subnet_pool).await?;
        self.engine.ensure_volume(&owner).await?;
        self.job.phase("create").await;
        let token = Token::generate(TokenKind::Gateway, &mut rand::rng());
        let Some(generation) = self.begin_generation(row, &token, &settings.agent_image).await? else {
            // Another worker was faster: the next round sees what it made.
            return Ok(());
        };
        let spec = ContainerSpec {
            owner,
            generation,
            image: settings.agent_image.clone(),
            runtime: settings.container_runtime.clone(),
            limits: settings.limits,
            gateway_token: token.secret().clone(),
            internal_port: self.placement.internal_port,
            config_path: format!("/api/internal/agent-config/{}", row.id),
            publish_on: self.placement.publish_on,
        };
        self.engine.create(&spec, &network).await?;
        Ok(())
    }

    async fn begin_generation(
        &self,
        row: &Container,
        token: &Token,
        image: &str,
    ) -> Result<Option<i64>, StartFailure> {
        let mut tx = self.services.store.system("a new generation of a container").await?;
        let key = keys::of_user(self.services, &mut tx, row.user_id).await?;
        let sealed = vault::seal(&key, &token_place(row), token.secret())?.to_bytes();
        let hash = token.hash();
        let token = NewToken { sealed: &sealed, hash: hash.as_bytes() };
        let generation = containers::begin_generation(&mut tx, row.id, row.generation, &token, image).await?;
        tx.commit().await?;
        Ok(generation)
    }

    async fn start(&self, row: &Container) -> Result<(), StartFailure> {
        self.observe(row, Sight::Stage(Stage::Booting)).await?;
        self.job.phase("boot").await;
        self.engine.start(&owner(self.services, row)).await?;
        Ok(())
    }

    async fn await_ready(&self, row: &Container, seen: &Seen) -> Result<(), StartFailure> {
        let Some(address) = seen.address else {
            return Err(StartFailure::new(
                "no_address",
                "Your agent could not be started.",
                "Its port was not published.",
            ));
        };
        let probe = self.services.gateways.probe(address);
        let deadline =
            Instant::now() + Duration::from_secs(self.services.settings.get().start_timeout_seconds.into());
        let mut loading = false;
        loop {
            match probe.ready().await {
                Readiness::Ready => {
                    self.job.phase("ready").await;
                    return self.observe(row, Sight::Ready { address: address.to_string() }).await;
                }
                Readiness::Loading if !loading => {
                    loading = true;
                    self.job.phase("load").await;
                    self.observe(row, Sight::Stage(Stage::Loading)).await?;
                }
                Readiness::Loading | Readiness::Starting | Readiness::Unreachable => {}
            }
            self.still_running(row).await?;
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
    async fn still_running(&self, row: &Container) -> Result<(), StartFailure> {
        match self.engine.inspect(&owner(self.services, row)).await? {
            Some(Seen { state: RunState::Running, .. }) => Ok(()),
            Some(Seen { state: RunState::Exited { oom_killed: true, .. }, .. }) => Err(StartFailure::new(
                "out_of_memory",
                "Your agent ran out of memory while it started.",
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

/// The container's own token, for talking to it.
pub(crate) async fn gateway_token(
    services: &Services,
    tx: &mut store::Tx,
    row: &Container,
) -> crate::Result<secrecy::SecretString> {
    let sealed = row.gateway_token.as_deref().ok_or(crate::Error::NotFound("gateway token"))?;
    let key = keys::of_user(services, tx, row.user_id).await?;
    // Opened to authenticate towards the user's own container.
    Ok(vault::open(&key, &token_place(row), &Sealed::from_bytes(sealed)?)?)
}

/// Stores that the start was given up, and why: whoever waits is told.
pub async fn give_up(services: &Services, id: ContainerId, failure: &StartFailure) -> crate::Result<()> {
    let mut tx = services.store.system("a start was given up").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    if row.is_up() {
        // Another worker was luckier meanwhile.
        return Ok(());
    }
    let said = serde_json::to_value(failure).map_err(crate::Error::internal)?;
    containers::observe(&mut tx, id, row.generation, &Sight::Failed { failure: said }, &failure.title)
        .await?;
    tx.commit().await?;
    Ok(())
}
