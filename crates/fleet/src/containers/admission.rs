//! Places in the host's memory: a start takes one, or waits for one and says so.

use super::{crash::away, ensure_running};
use crate::{Result, Services};
use domain::{
    ContainerId, Invalid,
    containers::{ContainerError, Containers},
    idle_policy::BETWEEN_MESSAGES,
    lifecycle::Desired,
    limits::Limits,
    settings::Settings,
    turn::Stage,
};
use jobs::{ActsFor, Options, Priority, kinds::StopContainer};
use serde::{Deserialize, Serialize};
use store::{
    Tx, config,
    containers::{self, Container, ContainerObservation},
    idle::{self, Idle},
    reservations::{self, Reservation},
};
use utoipa::ToSchema;

/// What the host keeps for everything that is no agent.
const OF_THE_HOST: u64 = 4 << 30;
/// Where the engine's memory stands in `system_config`: the API cannot ask the engine.
const HOST: &str = "host";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Host {
    memory_bytes: u64,
    /// Whether the disk of a state volume can be limited.
    #[serde(default)]
    limits_disks: bool,
}

/// How the host's memory is given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FleetBudget)]
pub struct Budget {
    /// What all containers together may be given; `None` until a worker has seen the host.
    pub total_bytes: Option<u64>,
    /// What is set aside.
    pub reserved_bytes: u64,
    /// For how many containers.
    pub running: u64,
}

/// How the memory stands, for whoever may see the whole instance.
pub async fn budget(tx: &mut Tx, settings: &Settings) -> Result<Budget> {
    let standing = reservations::standing(tx).await?;
    Ok(Budget {
        total_bytes: total(tx, settings).await?,
        reserved_bytes: u64::try_from(standing.reserved).unwrap_or_default(),
        running: u64::try_from(standing.running).unwrap_or_default(),
    })
}

/// How many containers fit; `None` until a worker has seen the host.
pub(crate) async fn count(tx: &mut Tx, settings: &Settings) -> Result<Option<u64>> {
    let total = total(tx, settings).await?;
    Ok(total.map(|total| (total / settings.limits.memory_bytes()).max(1)))
}

/// Whether a container with these limits fits beside the others, and nobody waits.
pub(super) async fn has_room(tx: &mut Tx, settings: &Settings, limits: Limits) -> Result<bool> {
    let standing = reservations::standing(tx).await?;
    let Some(total) = total(tx, settings).await? else { return Ok(standing.waiting == 0) };
    let needed = u64::try_from(standing.reserved).unwrap_or_default() + limits.memory_bytes();
    Ok(standing.waiting == 0 && (needed <= total || standing.reserved == 0))
}

/// Stores how much memory the engine's host has, and whether its storage can limit a volume.
pub async fn learn_host(services: &Services, engine: &dyn Containers) -> Result<()> {
    let memory_bytes = engine.engine().await.map_err(away)?.memory_bytes;
    let limits_disks = match engine.limits_disks(services.instance).await {
        // A full disk has no room for a trial.
        Err(ContainerError::VolumeFull) => None,
        tried => Some(tried.map_err(away)?),
    };
    let mut tx = services.store.system("memory of the host").await?;
    let before = config::get::<Host>(&mut tx, HOST).await?.is_some_and(|host| host.value.limits_disks);
    let host = Host { memory_bytes, limits_disks: limits_disks.unwrap_or(before) };
    config::put(&mut tx, HOST, &host).await?;
    tx.commit().await?;
    Ok(())
}

/// Refuses limits that no container on this host could be given.
pub(crate) async fn check_limits(tx: &mut Tx, settings: &Settings, limits: Limits) -> Result<()> {
    limits.check()?;
    if total(tx, settings).await?.is_some_and(|total| limits.memory_bytes() > total) {
        let most = "One container cannot be given more memory than all of them together (memoryBudgetBytes).";
        return Err(Invalid::new("limits.memoryMib", most).into());
    }
    let host = config::get::<Host>(tx, HOST).await?;
    if limits.disk_mib > 0 && host.is_some_and(|host| !host.value.limits_disks) {
        let needs = "The storage of this Docker engine cannot limit the disk of a volume: it needs xfs or ext4 with project \
                     quotas below Docker's folder. Use 0.";
        return Err(Invalid::new("limits.diskMib", needs).into());
    }
    Ok(())
}

async fn total(tx: &mut Tx, settings: &Settings) -> Result<Option<u64>> {
    if settings.memory_budget_bytes > 0 {
        return Ok(Some(settings.memory_budget_bytes));
    }
    let host = config::get::<Host>(tx, HOST).await?;
    Ok(host.map(|host| host.value.memory_bytes.saturating_sub(OF_THE_HOST)))
}

/// Whether a start may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It has its place.
    Granted,
    /// It is begun again when a place becomes free.
    Waits,
}

/// Sets memory aside for a start. When there is none the longest idle container has to go; when none is idle the
/// start waits in line.
pub(super) async fn admit(
    services: &Services,
    settings: &Settings,
    row: &Container,
    limits: Limits,
) -> Result<Admission> {
    let mut tx = services.store.system("a place for a container").await?;
    let budget = total(&mut tx, settings).await?.and_then(|total| i64::try_from(total).ok());
    let bytes = i64::try_from(limits.memory_bytes()).unwrap_or(i64::MAX);
    let place = reservations::take(&mut tx, row.id, bytes, budget.unwrap_or(i64::MAX)).await?;
    if let Reservation::Waiting { short } = place {
        evict_idle(&mut tx, short).await?;
        if row.place_wanted_at.is_none() {
            let sight = ContainerObservation::Stage(Stage::Queued);
            let why = "All places on the server are busy; your agent starts as soon as one is free.";
            containers::observe(&mut tx, row.id, row.generation, &sight, why).await?;
        }
    }
    tx.commit().await?;
    Ok(if place == Reservation::Granted { Admission::Granted } else { Admission::Waits })
}

/// Sets memory aside for a container that runs already, with these limits.
pub(super) async fn note(services: &Services, id: ContainerId, limits: Limits) -> Result<()> {
    let bytes = i64::try_from(limits.memory_bytes()).unwrap_or(i64::MAX);
    let mut tx = services.store.system("the place of a container").await?;
    reservations::note(&mut tx, id, bytes).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets the longest idle containers go until `short` bytes become free, as far as there are any.
async fn evict_idle(tx: &mut Tx, mut short: i64) -> Result<()> {
    if short <= 0 {
        return Ok(());
    }
    let quiet = idle::list(tx).await?.into_iter().filter(|idle| idle.idle() > BETWEEN_MESSAGES);
    for Idle { row, .. } in quiet {
        if short <= 0 {
            break;
        }
        let why = "Somebody else needed its place, and nobody was using it.";
        if idle::request_stop_if_idle(tx, &row, Desired::Stopped, BETWEEN_MESSAGES, why).await? {
            short -= row.reserved_bytes;
            let job = StopContainer { container_id: row.id };
            // A person waits for it.
            let options = Options { priority: Some(Priority::High), ..Options::default() };
            jobs::enqueue(tx, ActsFor::User(row.user_id), &job, options).await?;
        }
    }
    Ok(())
}

/// A place became free: whoever waits longest tries again.
pub(super) async fn wake_next_waiter(tx: &mut Tx) -> Result<()> {
    let Some(id) = reservations::next(tx).await? else { return Ok(()) };
    let Some(row) = containers::get(tx, id).await? else { return Ok(()) };
    ensure_running::enqueue_start(tx, ActsFor::User(row.user_id), id).await?;
    Ok(())
}
