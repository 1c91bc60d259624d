//! Compare the rows with what the engine reports, and repair the differences.

use super::{
    crash::handle_crash,
    ensure_running,
    failure::engine_error,
    health, images, orphans,
    state::{is_expected_ready, is_running},
};
use crate::{Result, Services};
use domain::{
    ContainerId,
    containers::{ContainerState, Containers, RunState},
    lifecycle::{Desired, Observed},
};
use jobs::{ActsFor, Job, Options, kinds};
use std::collections::HashMap;
use store::{
    Tx,
    containers::{self, Container},
};

/// Compares every container with its row: a crash is handled, a start or stop without a job gets one, a container that
/// runs and does not answer is repaired, and orphans are removed. A failed start waits for its user. Answers how many
/// were repaired.
pub async fn sweep(services: &Services, engine: &dyn Containers) -> Result<usize> {
    // First the engine, then the rows: a container that is created in between is missing in the first list only.
    let observed = engine.list(services.instance).await.map_err(engine_error)?;
    let mut tx = services.store.system("sweep of containers").await?;
    let rows = containers::all(&mut tx).await?;
    drop(tx);
    let mut repaired = orphans::remove(services, engine, &observed, &rows).await?;
    images::refresh_newest(services, engine, &services.stored_settings().await?).await?;
    let observed: HashMap<ContainerId, ContainerState> =
        observed.into_iter().map(|observed| (observed.owner.container, observed)).collect();
    repaired += health::check(services, &rows, &observed).await?;
    for row in rows {
        let observed = observed.get(&row.id);
        let is_repaired = match row.desired {
            // The list may be older than the row: the engine is asked again before it counts.
            Desired::Running if is_expected_ready(&row) => {
                !is_running(&row, observed) && handle_crash(services, engine, &row).await?
            }
            Desired::Running => row.observed != Observed::Failed && enqueue_repair(services, &row).await?,
            Desired::Paused | Desired::Stopped | Desired::Removed => {
                has_drifted(&row, observed) && enqueue_repair(services, &row).await?
            }
        };
        repaired += usize::from(is_repaired);
    }
    Ok(repaired)
}

/// Enqueues a sweep; several workers that ask at the same time get one.
pub async fn enqueue_sweep(services: &Services) -> Result<()> {
    let mut tx = services.store.system("sweep of containers").await?;
    let acts_for = ActsFor::System { reason: "the container engine was away", owner: None };
    jobs::enqueue(&mut tx, acts_for, &kinds::SweepContainers {}, Options::default()).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether it should rest and runs, or rests and the row does not say so.
fn has_drifted(row: &Container, observed: Option<&ContainerState>) -> bool {
    let is_awake = observed.is_some_and(|observed| observed.state == RunState::Running);
    let at_rest = match row.desired {
        Desired::Paused => matches!(row.observed, Observed::Paused | Observed::Stopped),
        _ => matches!(row.observed, Observed::Stopped | Observed::Absent | Observed::Failed),
    };
    is_awake || !at_rest
}

/// Enqueues what brings the container to its desired state, unless a job does so already.
async fn enqueue_repair(services: &Services, row: &Container) -> Result<bool> {
    let mut tx = services.store.system("sweep of containers").await?;
    if has_active_job(&mut tx, row.id).await? {
        return Ok(false);
    }
    if row.desired == Desired::Running {
        ensure_running::enqueue_start(&mut tx, ActsFor::User(row.user_id), row.id).await?;
    } else {
        // With the product's rights: jobs of a disabled user are cancelled, and their container must stop too.
        let acts_for = ActsFor::system_for("the container should not run", row.user_id);
        let stop = kinds::StopContainer { container_id: row.id };
        jobs::enqueue(&mut tx, acts_for, &stop, Options::default()).await?;
    }
    tx.commit().await?;
    services.gateways.forget(row.id);
    Ok(true)
}

async fn has_active_job(tx: &mut Tx, id: ContainerId) -> Result<bool> {
    let unique_keys = [
        kinds::StartContainer { container_id: id }.unique_key(),
        kinds::RestartContainer { container_id: id }.unique_key(),
        kinds::StopContainer { container_id: id }.unique_key(),
    ];
    for key in unique_keys.into_iter().flatten() {
        if jobs::is_active(tx, &key).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
