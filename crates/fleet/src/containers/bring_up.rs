//! Bring a container up: one idempotent step after the other until it answers.
//!
//! Each round asks Docker what is there, lets `domain::lifecycle::plan` say the next step, and does
//! it. A worker that dies in between is followed by another one that finds what was done. What is
//! stored is guarded by the generation, so a worker that was thought dead changes nothing.

use super::{
    GRACE, StartFailure, await_ready, images, owner,
    places::{self, Admission},
    token_place,
};
use crate::{Progress, Services, keys, settings};
use domain::{
    ContainerId,
    containers::{ContainerError, ContainerSpec, Containers, Internal, RunState, Seen},
    lifecycle::{Desired, Step, plan},
    settings::Settings,
    turn::Stage,
};
use std::net::IpAddr;
use store::containers::{self, Container, NewToken, Sight};
use vault::{Sealed, Token, TokenKind};

/// More steps than any start needs: a bound, should engine and plan ever disagree.
const MOST_STEPS: usize = 16;
/// Another worker may have begun a generation between two reads, but not again and again.
const BELIEVE_AFTER: u32 = 3;

/// Where this worker's containers meet Mosaic.
#[derive(Debug, Clone, Copy)]
pub struct Placement {
    /// The one host address on which gateways are published.
    pub publish_on: IpAddr,
    /// Mosaic's internal listener.
    pub internal: Internal,
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
    let mut rereads = 0;
    for _ in 0..MOST_STEPS {
        let Some(row) = start.row().await? else { return Ok(()) };
        if row.desired() != Desired::Running {
            return Ok(());
        }
        let settings = settings::read(&services.store).await?;
        let seen = engine.inspect(&owner(services, &row)).await?;
        let step = plan(row.wanted(), seen.as_ref());
        let ahead = seen.as_ref().filter(|_| step == Step::Reread).map(|seen| seen.generation);
        match start.take(step, &row, &settings, seen).await? {
            Next::Over => return Ok(()),
            Next::Round => {}
        }
        // Read again and still older than the engine: the database is, as after a restored backup.
        if let Some(generation) = ahead {
            rereads += 1;
            if rereads == BELIEVE_AFTER {
                start.overtake(&row, generation).await?;
            }
        }
    }
    Err(StartFailure::new(
        "unsettled",
        "Your agent could not be started.",
        "The container did not settle. Try again.",
    ))
}

/// What follows a step.
enum Next {
    /// Another look.
    Round,
    /// Nothing more to do: it answers, or waits for its place.
    Over,
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

    /// One step; which one is next shows the next look.
    async fn take(
        &self,
        step: Step,
        row: &Container,
        settings: &Settings,
        seen: Option<Seen>,
    ) -> Result<Next, StartFailure> {
        let owner = owner(self.services, row);
        match (step, seen) {
            (Step::Create | Step::Start, _)
                if places::admit(self.services, settings, row).await? == Admission::Waits =>
            {
                return Ok(Next::Over);
            }
            (Step::Create, _) => self.create(row, settings).await?,
            (Step::Start, Some(seen)) => self.start(row, settings, &seen).await?,
            (Step::Remove, _) => self.engine.remove(&owner).await?,
            (Step::Settled, Some(seen)) => return self.settle(row, settings, &seen).await,
            (Step::Settled, None) => return Ok(Next::Over),
            (Step::Pause | Step::Stop | Step::Reread | Step::Start, _) => {}
        }
        Ok(Next::Round)
    }

    /// It runs: its place is taken, whoever started it; now it has to answer.
    async fn settle(&self, row: &Container, settings: &Settings, seen: &Seen) -> Result<Next, StartFailure> {
        if row.reserved_bytes == 0 {
            places::note(self.services, settings, row.id).await?;
        }
        let wait =
            await_ready::Wait { services: self.services, engine: self.engine, job: self.job, settings, row };
        let Err(failure) = wait.run(seen).await else { return Ok(Next::Over) };
        if images::fall_back(self.services, row, &seen.image, &failure).await? {
            self.engine.remove(&owner(self.services, row)).await?;
            return Ok(Next::Round);
        }
        Err(failure)
    }

    /// Begins behind the generation of a container that the rows know nothing of; its token is nobody's.
    async fn overtake(&self, row: &Container, generation: i64) -> Result<(), StartFailure> {
        self.engine.remove(&owner(self.services, row)).await?;
        let mut tx = self.services.store.system("a container newer than its row").await?;
        containers::overtake(&mut tx, row.id, generation).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn observe(&self, row: &Container, sight: Sight) -> Result<(), StartFailure> {
        let mut tx = self.services.store.system("start of a container").await?;
        containers::observe(&mut tx, self.id, row.generation, &sight, "").await?;
        tx.commit().await?;
        Ok(())
    }

    async fn create(&self, row: &Container, settings: &Settings) -> Result<(), StartFailure> {
        let owner = owner(self.services, row);
        let image = images::target(row, settings);
        self.observe(row, Sight::Stage(Stage::Creating)).await?;
        self.job.phase("image").await;
        if !self.engine.image_present(image).await? {
            let missing = StartFailure::from(ContainerError::ImageMissing(image.to_owned()));
            // The next round takes the one that worked before, where there is one.
            let back = images::fall_back(self.services, row, image, &missing).await?;
            return if back { Ok(()) } else { Err(missing) };
        }
        self.job.phase("network").await;
        let network =
            self.engine.ensure_network(&owner, settings.network_policy, settings.subnet_pool).await?;
        self.engine.ensure_volume(&owner).await?;
        self.job.phase("create").await;
        let token = Token::generate(TokenKind::Gateway, &mut rand::rng());
        let Some(generation) = self.begin_generation(row, &token, image).await? else {
            // Another worker was faster: the next round sees what it made.
            return Ok(());
        };
        let spec = ContainerSpec {
            owner,
            generation,
            image: image.to_owned(),
            runtime: settings.container_runtime.clone(),
            limits: settings.limits,
            gateway_token: token.secret().clone(),
            internal: self.placement.internal,
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

    async fn start(&self, row: &Container, settings: &Settings, seen: &Seen) -> Result<(), StartFailure> {
        let owner = owner(self.services, row);
        if seen.state == RunState::Paused {
            return self.resume(row).await;
        }
        if seen.image != images::target(row, settings) {
            // It moves to the other image; the next round makes it anew.
            self.engine.remove(&owner).await?;
            return Ok(());
        }
        self.observe(row, Sight::Stage(Stage::Booting)).await?;
        self.job.phase("boot").await;
        self.engine.start(&owner).await?;
        Ok(())
    }

    /// What was paused goes on where it stood, unless its configuration changed meanwhile: a message would meet the
    /// old one.
    async fn resume(&self, row: &Container) -> Result<(), StartFailure> {
        self.job.phase("resume").await;
        let owner = owner(self.services, row);
        let mut tx = self.services.store.system("is a configuration in force").await?;
        let newest = containers::has_newest(&mut tx, row.id).await?;
        drop(tx);
        if newest {
            self.engine.start(&owner).await?;
        } else {
            self.engine.stop(&owner, GRACE).await?;
        }
        Ok(())
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
