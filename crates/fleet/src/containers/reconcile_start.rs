//! Bring a container up: one idempotent step after the other until it answers.
//!
//! Each round asks Docker what is there, lets `domain::lifecycle::plan` say the next step, and does
//! it. A worker that dies in between is followed by another one that finds what was done. What is
//! stored is guarded by the generation, so a worker that was thought dead changes nothing.

use super::{
    GRACE, StartFailure,
    admission::{self, Admission},
    await_ready::{self, Unready},
    images, owner, token_place,
};
use crate::{Progress, Services, keys, settings};
use domain::{
    ContainerId,
    containers::{ContainerError, ContainerSpec, ContainerState, Containers, Internal, RunState},
    image::PinnedImage,
    lifecycle::{Desired, Step, plan},
    limits::Limits,
    settings::Settings,
    turn::Stage,
};
use secrets::{Sealed, Token, TokenKind};
use std::{net::IpAddr, time::Duration};
use store::{
    containers::{self, Container, ContainerObservation, NewToken},
    crashes::{self, CrashKind},
};

/// More steps than any start needs: a bound, should engine and plan ever disagree.
const MOST_STEPS: usize = 16;
/// One that hangs has nothing left to put in order.
const GRACE_OF_HUNG: Duration = Duration::from_secs(1);
const HUNG: &str = "Your agent had stopped answering.";
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
pub async fn reconcile_start(
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
        let ahead = seen.as_ref().filter(|_| step == Step::Refetch).map(|seen| seen.generation);
        let plan = Plan { limits: row.limits(settings.limits), settings };
        match start.take(step, &row, &plan, seen).await? {
            Next::Over => return Ok(()),
            Next::Round => {}
        }
        // Read again and still older than the engine: the database is, as after a restored backup.
        if let Some(generation) = ahead {
            rereads += 1;
            if rereads == BELIEVE_AFTER {
                start.adopt_generation(&row, generation).await?;
            }
        }
    }
    Err(StartFailure::new(
        "unsettled",
        "Your agent could not be started.",
        "The container did not settle. Try again.",
    ))
}

/// What the container is to be, as it stands in this round.
struct Plan {
    settings: Settings,
    limits: Limits,
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
        plan: &Plan,
        seen: Option<ContainerState>,
    ) -> Result<Next, StartFailure> {
        let owner = owner(self.services, row);
        // One that is frozen has what it was made with until it ends.
        let frozen = seen.as_ref().is_some_and(|seen| seen.state == RunState::Paused);
        let limits = if frozen { row.has_limits(plan.settings.limits) } else { plan.limits };
        match (step, seen) {
            (Step::Create | Step::Start, _)
                if admission::admit(self.services, &plan.settings, row, limits).await?
                    == Admission::Waits =>
            {
                return Ok(Next::Over);
            }
            (Step::Create, _) => self.create(row, plan).await?,
            (Step::Start, Some(seen)) => self.start(row, plan, &seen).await?,
            (Step::Remove, _) => self.engine.remove(&owner).await?,
            (Step::Settled, Some(seen)) => return self.settle(row, &plan.settings, &seen).await,
            (Step::Settled, None) => return Ok(Next::Over),
            (Step::Pause | Step::Stop | Step::Refetch | Step::Start, _) => {}
        }
        Ok(Next::Round)
    }

    /// It runs: its place is taken, whoever started it; now it has to answer.
    async fn settle(
        &self,
        row: &Container,
        settings: &Settings,
        seen: &ContainerState,
    ) -> Result<Next, StartFailure> {
        if row.reserved_bytes == 0 {
            admission::note(self.services, row.id, row.has_limits(settings.limits)).await?;
        }
        let wait =
            await_ready::Wait { services: self.services, engine: self.engine, job: self.job, settings, row };
        let failure = match wait.run(seen).await {
            Ok(()) => return Ok(Next::Over),
            Err(Unready::Hung) => return self.end_hung(row).await,
            Err(Unready::Failed(failure)) => failure,
        };
        if images::fall_back(self.services, row, &seen.image, &failure).await? {
            self.engine.remove(&owner(self.services, row)).await?;
            return Ok(Next::Round);
        }
        Err(failure)
    }

    /// Begins behind the generation of a container that the rows know nothing of; its token is nobody's.
    async fn adopt_generation(&self, row: &Container, generation: i64) -> Result<(), StartFailure> {
        self.engine.remove(&owner(self.services, row)).await?;
        let mut tx = self.services.store.system("a container newer than its row").await?;
        containers::adopt_generation(&mut tx, row.id, generation).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn observe(&self, row: &Container, sight: ContainerObservation) -> Result<(), StartFailure> {
        let mut tx = self.services.store.system("start of a container").await?;
        containers::observe(&mut tx, self.id, row.generation, &sight, "").await?;
        tx.commit().await?;
        Ok(())
    }

    /// Nothing comes from it although its process lives: it is ended, and the next round starts it again.
    async fn end_hung(&self, row: &Container) -> Result<Next, StartFailure> {
        self.job.phase("hung").await;
        let mut tx = self.services.store.system("a gateway hangs").await?;
        crashes::note(&mut tx, row, CrashKind::Other, HUNG).await?;
        let sight = ContainerObservation::Stage(Stage::Queued);
        containers::observe(
            &mut tx,
            self.id,
            row.generation,
            &sight,
            &format!("{HUNG} It is started again."),
        )
        .await?;
        tx.commit().await?;
        tracing::warn!(container = %self.id, "a gateway hangs inside a living container; it is ended");
        self.services.gateways.forget(self.id);
        self.engine.stop(&owner(self.services, row), GRACE_OF_HUNG).await?;
        Ok(Next::Round)
    }

    async fn create(&self, row: &Container, plan: &Plan) -> Result<(), StartFailure> {
        let Plan { settings, limits } = plan;
        let owner = owner(self.services, row);
        self.observe(row, ContainerObservation::Stage(Stage::Creating)).await?;
        self.job.phase("image").await;
        let newest = images::learn(self.services, self.engine, settings).await?;
        let target = images::target(row, &newest, settings);
        let Some(found) = self.engine.image(target.reference()).await? else {
            let missing = StartFailure::from(ContainerError::ImageMissing(target.name.clone()));
            // The next round takes the one that worked before, where there is one.
            let back = images::fall_back(self.services, row, &target, &missing).await?;
            return if back { Ok(()) } else { Err(missing) };
        };
        let image = PinnedImage { name: target.name, id: found.id };
        self.job.phase("network").await;
        let network =
            self.engine.ensure_network(&owner, settings.network_policy, settings.subnet_pool).await?;
        self.engine.ensure_volume(&owner, limits.disk_mib).await?;
        self.job.phase("create").await;
        let token = Token::generate(TokenKind::Gateway, &mut rand::rng());
        let Some(generation) = self.begin_generation(row, &token, &image, *limits).await? else {
            // Another worker was faster: the next round sees what it made.
            return Ok(());
        };
        let spec = ContainerSpec {
            owner,
            generation,
            image,
            runtime: settings.container_runtime.clone(),
            limits: *limits,
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
        image: &PinnedImage,
        limits: Limits,
    ) -> Result<Option<i64>, StartFailure> {
        let mut tx = self.services.store.system("a new generation of a container").await?;
        let key = keys::of_user(self.services, &mut tx, row.user_id).await?;
        let sealed = secrets::seal(&key, &token_place(row), token.secret())?.to_bytes();
        let hash = token.hash();
        let token = NewToken { sealed: &sealed, hash: hash.as_bytes() };
        let generation =
            containers::begin_generation(&mut tx, row.id, row.generation, &token, image, limits).await?;
        tx.commit().await?;
        Ok(generation)
    }

    async fn start(&self, row: &Container, plan: &Plan, seen: &ContainerState) -> Result<(), StartFailure> {
        let owner = owner(self.services, row);
        if seen.state == RunState::Paused {
            return self.resume(row).await;
        }
        let newest = images::look(self.engine, &plan.settings).await?;
        let same_image = seen.image.may_be(&images::target(row, &newest, &plan.settings));
        if !same_image || !row.made_limits.is_some_and(|made| made.make_the_same(plan.limits)) {
            // It moves to the other image, or gets the other limits; the next round makes it anew.
            self.engine.remove(&owner).await?;
            return Ok(());
        }
        self.observe(row, ContainerObservation::Stage(Stage::Booting)).await?;
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
    Ok(secrets::open(&key, &token_place(row), &Sealed::from_bytes(sealed)?)?)
}
