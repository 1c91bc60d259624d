//! Start a container: one idempotent step after the other until it answers.
//!
//! Each round asks Docker for the present state, lets `domain::lifecycle::plan` choose the next step, and does
//! it. A worker that dies in between is followed by another one that finds what was done. Writes to the row are guarded by
//! the generation, so a worker that was thought dead changes nothing.

use super::{
    STOP_TIMEOUT, StartFailure,
    admission::{self, Admission},
    await_ready::{self, Unready},
    images, owner,
};
use crate::{Progress, Services, keys};
use domain::{
    ContainerId,
    containers::{ContainerError, ContainerSpec, ContainerState, Containers, InternalEndpoint, RunState},
    image::PinnedImage,
    lifecycle::{Desired, Step, plan},
    limits::Limits,
    settings::Settings,
    turn::Stage,
};
use secrets::{Token, TokenKind};
use std::{net::IpAddr, time::Duration};
use store::{
    containers::{self, Container, ContainerObservation, NewToken},
    crashes::{self, CrashKind},
};

/// More steps than any start needs: a bound, in case engine and plan ever disagree.
const MAX_STEPS: usize = 16;
/// A gateway that hangs cannot shut down cleanly, so the wait is short.
const HUNG_STOP_TIMEOUT: Duration = Duration::from_secs(1);
const HUNG_REASON: &str = "Your agent had stopped answering.";
/// How many rounds may see a row older than its container before the row adopts the container's generation. Another
/// worker may begin a generation between two reads, but not again and again.
const MAX_STALE_READS: u32 = 3;

/// The addresses on which containers and Mosaic reach each other.
#[derive(Debug, Clone, Copy)]
pub struct Placement {
    /// The one host address on which gateways are published.
    pub publish_on: IpAddr,
    /// Mosaic's internal listener.
    pub internal: InternalEndpoint,
}

/// Starts the container and waits until it answers. Does nothing when it should not run any more.
pub async fn reconcile_start(
    services: &Services,
    engine: &dyn Containers,
    placement: Placement,
    job: &dyn Progress,
    id: ContainerId,
) -> Result<(), StartFailure> {
    let start = Start { services, engine, placement, job, id };
    let mut stale_reads = 0;
    for _ in 0..MAX_STEPS {
        let Some(row) = start.row().await? else { return Ok(()) };
        if row.desired != Desired::Running {
            return Ok(());
        }
        let settings = services.stored_settings().await?;
        let observed = engine.inspect(&owner(services, &row)).await?;
        let step = plan(row.desired_state(), observed.as_ref());
        let newer = observed.as_ref().filter(|_| step == Step::Refetch).map(|observed| observed.generation);
        let target = Target { limits: row.limits(settings.limits), settings };
        match start.apply_step(step, &row, &target, observed).await? {
            Next::Finished => return Ok(()),
            Next::Repeat => {}
        }
        // Read again and still older than the engine: the database was restored from a backup.
        if let Some(generation) = newer {
            stale_reads += 1;
            if stale_reads == MAX_STALE_READS {
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

/// What the container should become, as of this round.
struct Target {
    settings: Settings,
    limits: Limits,
}

/// What follows a step.
enum Next {
    /// Another round.
    Repeat,
    /// Nothing more to do: it answers, or waits for memory.
    Finished,
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

    /// Does one step; the next round finds out which step follows.
    async fn apply_step(
        &self,
        step: Step,
        row: &Container,
        target: &Target,
        observed: Option<ContainerState>,
    ) -> Result<Next, StartFailure> {
        let owner = owner(self.services, row);
        // A paused container keeps the limits that it was made with until it ends.
        let frozen = observed.as_ref().is_some_and(|observed| observed.state == RunState::Paused);
        let limits = if frozen { row.current_limits(target.settings.limits) } else { target.limits };
        match (step, observed) {
            (Step::Create | Step::Start, _)
                if admission::admit(self.services, &target.settings, row, limits).await?
                    == Admission::Waiting =>
            {
                return Ok(Next::Finished);
            }
            (Step::Create, _) => self.create(row, target).await?,
            (Step::Start, Some(observed)) => self.start(row, target, &observed).await?,
            (Step::Remove, _) => self.engine.remove(&owner).await?,
            (Step::Settled, Some(observed)) => return self.settle(row, &target.settings, &observed).await,
            (Step::Settled, None) => return Ok(Next::Finished),
            (Step::Pause | Step::Stop | Step::Refetch | Step::Start, _) => {}
        }
        Ok(Next::Repeat)
    }

    /// The container runs: its memory is reserved, whichever way it was started; now it has to answer.
    async fn settle(
        &self,
        row: &Container,
        settings: &Settings,
        observed: &ContainerState,
    ) -> Result<Next, StartFailure> {
        if row.reserved_bytes == 0 {
            admission::reserve(self.services, row.id, row.current_limits(settings.limits)).await?;
        }
        let wait = await_ready::ReadinessWait {
            services: self.services,
            engine: self.engine,
            job: self.job,
            settings,
            row,
        };
        let failure = match wait.run(observed).await {
            Ok(()) => return Ok(Next::Finished),
            Err(Unready::Hung) => return self.stop_hung(row).await,
            Err(Unready::Failed(failure)) => failure,
        };
        if images::fall_back(self.services, row, &observed.image, &failure).await? {
            self.engine.remove(&owner(self.services, row)).await?;
            return Ok(Next::Repeat);
        }
        Err(failure)
    }

    /// Removes a container that is newer than its row, and sets the row to its generation, so that the next one is higher.
    async fn adopt_generation(&self, row: &Container, generation: i64) -> Result<(), StartFailure> {
        self.engine.remove(&owner(self.services, row)).await?;
        let store = &self.services.store;
        store
            .run_system("a container is newer than its row", async |tx| {
                containers::adopt_generation(tx, row.id, generation).await
            })
            .await?;
        Ok(())
    }

    async fn observe(&self, row: &Container, observation: ContainerObservation) -> Result<(), StartFailure> {
        let store = &self.services.store;
        store
            .run_system("start of a container", async |tx| {
                containers::observe(tx, self.id, row.generation, &observation, "").await
            })
            .await?;
        Ok(())
    }

    /// The gateway does not answer although its process runs: stops it, and the next round starts it again.
    async fn stop_hung(&self, row: &Container) -> Result<Next, StartFailure> {
        self.job.phase("hung").await;
        let mut tx = self.services.store.system("a gateway hangs").await?;
        crashes::record(&mut tx, row, CrashKind::Other, HUNG_REASON).await?;
        let observation = ContainerObservation::Stage(Stage::Queued);
        let reason = format!("{HUNG_REASON} It is started again.");
        containers::observe(&mut tx, self.id, row.generation, &observation, &reason).await?;
        tx.commit().await?;
        tracing::warn!(container = %self.id, "a gateway hangs inside a running container; it is stopped");
        self.services.gateways.forget(self.id);
        self.engine.stop(&owner(self.services, row), HUNG_STOP_TIMEOUT).await?;
        Ok(Next::Repeat)
    }

    async fn create(&self, row: &Container, target: &Target) -> Result<(), StartFailure> {
        let Target { settings, limits } = target;
        let owner = owner(self.services, row);
        self.observe(row, ContainerObservation::Stage(Stage::Creating)).await?;
        self.job.phase("image").await;
        let newest = images::refresh_newest(self.services, self.engine, settings).await?;
        let image = images::target(row, &newest, settings);
        let Some(found) = self.engine.image(image.reference()).await? else {
            let missing = StartFailure::from(ContainerError::ImageMissing(image.name.clone()));
            // The next round takes the image that worked before, if there is one.
            let fell_back = images::fall_back(self.services, row, &image, &missing).await?;
            return if fell_back { Ok(()) } else { Err(missing) };
        };
        let image = PinnedImage { name: image.name, id: found.id };
        self.job.phase("network").await;
        let network =
            self.engine.ensure_network(&owner, settings.network_policy, settings.subnet_pool).await?;
        self.engine.ensure_volume(&owner, limits.disk_mib).await?;
        self.job.phase("create").await;
        let token = Token::generate(TokenKind::Gateway, &mut rand::rng());
        let Some(generation) = self.begin_generation(row, &token, &image, *limits).await? else {
            // Another worker was faster: the next round finds what it made.
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
        let sealed = secrets::seal(&key, &keys::aad::gateway_token(row), token.secret())?.to_bytes();
        let hash = token.hash();
        let token = NewToken { sealed: &sealed, hash: hash.as_bytes() };
        let generation =
            containers::begin_generation(&mut tx, row.id, row.generation, &token, image, limits).await?;
        tx.commit().await?;
        Ok(generation)
    }

    async fn start(
        &self,
        row: &Container,
        target: &Target,
        observed: &ContainerState,
    ) -> Result<(), StartFailure> {
        let owner = owner(self.services, row);
        if observed.state == RunState::Paused {
            return self.resume(row).await;
        }
        let newest = images::resolve_newest(self.engine, &target.settings).await?;
        let same_image = observed.image.may_equal(&images::target(row, &newest, &target.settings));
        if !same_image || !row.made_limits().is_some_and(|made| made.builds_same_container(target.limits)) {
            // Another image or other limits: the next round creates it again.
            self.engine.remove(&owner).await?;
            return Ok(());
        }
        self.observe(row, ContainerObservation::Stage(Stage::Booting)).await?;
        self.job.phase("boot").await;
        self.engine.start(&owner).await?;
        Ok(())
    }

    /// A paused container continues where it was, unless its configuration changed meanwhile: a message would meet the old
    /// one.
    async fn resume(&self, row: &Container) -> Result<(), StartFailure> {
        self.job.phase("resume").await;
        let owner = owner(self.services, row);
        let mut tx = self.services.store.system("is a configuration in force").await?;
        let newest = containers::has_newest_config(&mut tx, row.id).await?;
        drop(tx);
        if newest {
            self.engine.start(&owner).await?;
        } else {
            self.engine.stop(&owner, STOP_TIMEOUT).await?;
        }
        Ok(())
    }
}
