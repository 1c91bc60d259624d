//! Admission to the host's memory: a start reserves its part, or waits in the queue and says so.

use super::{ensure_running, failure::engine_error};
use crate::{Result, Services};
use domain::{
    ContainerId, Invalid,
    containers::{ContainerError, Containers},
    idle_policy::ACTIVE_USE_WINDOW,
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
    idle::{self, IdleContainer},
    reservations::{self, Reservation},
};
use utoipa::ToSchema;

/// Bytes that the host keeps for everything besides agents.
const HOST_RESERVE_BYTES: u64 = 4 << 30;
/// Key of the host's capacity in `system_config`: the API cannot ask the engine.
const HOST_KEY: &str = "host";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HostCapacity {
    memory_bytes: u64,
    /// Whether the engine can limit the disk of a state volume.
    #[serde(default)]
    limits_disks: bool,
}

/// How the host's memory is shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FleetBudget)]
pub struct Budget {
    /// What all containers together may reserve; `None` until a worker has asked the host.
    pub total_bytes: Option<u64>,
    /// What is reserved.
    pub reserved_bytes: u64,
    /// For how many containers.
    pub running: u64,
}

/// How the memory is shared out; `tx` must see the whole instance.
pub async fn budget(tx: &mut Tx, settings: &Settings) -> Result<Budget> {
    let usage = reservations::usage(tx).await?;
    Ok(Budget {
        total_bytes: total_bytes(tx, settings).await?,
        reserved_bytes: u64::try_from(usage.reserved).unwrap_or_default(),
        running: u64::try_from(usage.running).unwrap_or_default(),
    })
}

/// How many containers fit; `None` until a worker has asked the host.
pub(crate) async fn container_capacity(tx: &mut Tx, settings: &Settings) -> Result<Option<u64>> {
    let total = total_bytes(tx, settings).await?;
    Ok(total.map(|total| (total / settings.limits.memory_bytes()).max(1)))
}

/// Whether a container with these limits fits beside the others, and no start waits.
pub(super) async fn has_room(tx: &mut Tx, settings: &Settings, limits: Limits) -> Result<bool> {
    let usage = reservations::usage(tx).await?;
    let Some(total) = total_bytes(tx, settings).await? else { return Ok(usage.waiting == 0) };
    let needed = u64::try_from(usage.reserved).unwrap_or_default() + limits.memory_bytes();
    Ok(usage.waiting == 0 && (needed <= total || usage.reserved == 0))
}

/// Stores how much memory the engine's host has, and whether its storage can limit a volume.
pub async fn record_host_capacity(services: &Services, engine: &dyn Containers) -> Result<()> {
    let memory_bytes = engine.engine().await.map_err(engine_error)?.memory_bytes;
    let limits_disks = match engine.supports_disk_limits(services.instance).await {
        // With a full disk this cannot be tried: the last result stays.
        Err(ContainerError::VolumeFull) => None,
        tried => Some(tried.map_err(engine_error)?),
    };
    let mut tx = services.store.system("memory of the host").await?;
    let before =
        config::get::<HostCapacity>(&mut tx, HOST_KEY).await?.is_some_and(|host| host.value.limits_disks);
    let host = HostCapacity { memory_bytes, limits_disks: limits_disks.unwrap_or(before) };
    config::put(&mut tx, HOST_KEY, &host).await?;
    tx.commit().await?;
    Ok(())
}

/// Refuses limits that no container on this host can have.
pub(crate) async fn check_limits(tx: &mut Tx, settings: &Settings, limits: Limits) -> Result<()> {
    limits.check()?;
    if total_bytes(tx, settings).await?.is_some_and(|total| limits.memory_bytes() > total) {
        let message =
            "One container cannot be given more memory than all of them together (memoryBudgetBytes).";
        return Err(Invalid::new("limits.memoryMib", message).into());
    }
    let host = config::get::<HostCapacity>(tx, HOST_KEY).await?;
    if limits.disk_mib > 0 && host.is_some_and(|host| !host.value.limits_disks) {
        let message = "The storage of this Docker engine cannot limit the disk of a volume: it needs xfs or ext4 with project \
                     quotas below Docker's folder. Use 0.";
        return Err(Invalid::new("limits.diskMib", message).into());
    }
    Ok(())
}

async fn total_bytes(tx: &mut Tx, settings: &Settings) -> Result<Option<u64>> {
    if settings.memory_budget_bytes > 0 {
        return Ok(Some(settings.memory_budget_bytes));
    }
    let host = config::get::<HostCapacity>(tx, HOST_KEY).await?;
    Ok(host.map(|host| host.value.memory_bytes.saturating_sub(HOST_RESERVE_BYTES)))
}

/// Whether a start may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// Its memory is reserved.
    Granted,
    /// It is enqueued again when memory becomes free.
    Waiting,
}

/// Reserves memory for a start. When there is none, the longest idle containers are stopped, and the start
/// waits in the queue.
pub(super) async fn admit(
    services: &Services,
    settings: &Settings,
    row: &Container,
    limits: Limits,
) -> Result<Admission> {
    let mut tx = services.store.system("reserve memory for a container").await?;
    let budget = total_bytes(&mut tx, settings).await?.and_then(|total| i64::try_from(total).ok());
    let bytes = i64::try_from(limits.memory_bytes()).unwrap_or(i64::MAX);
    let reservation = reservations::reserve(&mut tx, row.id, bytes, budget.unwrap_or(i64::MAX)).await?;
    if let Reservation::Waiting { short } = reservation {
        evict_idle(&mut tx, short).await?;
        if row.admission_requested_at.is_none() {
            let observation = ContainerObservation::Stage(Stage::Queued);
            let reason = "All places on the server are busy; your agent starts as soon as one is free.";
            containers::observe(&mut tx, row.id, row.generation, &observation, reason).await?;
        }
    }
    tx.commit().await?;
    Ok(if reservation == Reservation::Granted { Admission::Granted } else { Admission::Waiting })
}

/// Reserves memory for a container that runs already, with these limits.
pub(super) async fn reserve(services: &Services, id: ContainerId, limits: Limits) -> Result<()> {
    let bytes = i64::try_from(limits.memory_bytes()).unwrap_or(i64::MAX);
    let reason = "reserve memory for a running container";
    Ok(services
        .store
        .run_system(reason, async |tx| reservations::set_reservation(tx, id, bytes).await)
        .await?)
}

/// Stops the longest idle containers until `short` bytes become free, or until none is left.
async fn evict_idle(tx: &mut Tx, mut short: i64) -> Result<()> {
    if short <= 0 {
        return Ok(());
    }
    let idle_containers = idle::list(tx).await?.into_iter().filter(|idle| idle.idle > ACTIVE_USE_WINDOW);
    for IdleContainer { row, .. } in idle_containers {
        if short <= 0 {
            break;
        }
        let reason = "Another agent needed its place while nobody was using it.";
        if idle::request_stop_if_idle(tx, &row, Desired::Stopped, ACTIVE_USE_WINDOW, reason).await? {
            short -= row.reserved_bytes;
            let job = StopContainer { container_id: row.id };
            // A user waits for it.
            let options = Options { priority: Some(Priority::High), ..Options::default() };
            let acts_for = ActsFor::system_for("another agent needs the memory", row.user_id);
            jobs::enqueue(tx, acts_for, &job, options).await?;
        }
    }
    Ok(())
}

/// Memory became free: the start that waits longest tries again.
pub(super) async fn wake_next_waiter(tx: &mut Tx) -> Result<()> {
    let Some(id) = reservations::next_waiting(tx).await? else { return Ok(()) };
    let Some(row) = containers::get(tx, id).await? else { return Ok(()) };
    ensure_running::enqueue_start(tx, ActsFor::User(row.user_id), id).await?;
    Ok(())
}
