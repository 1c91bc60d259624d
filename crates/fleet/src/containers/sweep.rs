//! Compare what the rows say with what the engine has, and put right what drifted apart.

use super::{
    crash::{away, is_expected_ready, runs, went_down},
    ensure_running, health, images, orphans,
};
use crate::{Result, Services, settings};
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

/// Looks at every container: one that is said to be ready and is not there any more is no longer believed, one that
/// nobody brings up or down gets a job, one that runs and says nothing is looked after, and what belongs to nobody is removed. What was given up waits for its
/// user. Answers how many were put right.
pub async fn sweep(services: &Services, engine: &dyn Containers) -> Result<usize> {
    // First what is there, then the rows: what is made in between has its row, and is not in this list.
    let there = engine.list(services.instance).await.map_err(away)?;
    let mut tx = services.store.system("sweep of containers").await?;
    let rows = containers::all(&mut tx).await?;
    drop(tx);
    let mut mended = orphans::remove(services, engine, &there, &rows).await?;
    images::learn(services, engine, &settings::read(&services.store).await?).await?;
    let there: HashMap<ContainerId, ContainerState> =
        there.into_iter().map(|seen| (seen.owner.container, seen)).collect();
    mended += health::check(services, &rows, &there).await?;
    for row in rows {
        let seen = there.get(&row.id);
        let done = match row.desired() {
            // The list may be older than the row: asked again before it counts.
            Desired::Running if is_expected_ready(&row) => {
                !runs(&row, seen) && went_down(services, engine, &row).await?
            }
            Desired::Running => row.observed() != Observed::Failed && enqueue_repair(services, &row).await?,
            Desired::Paused | Desired::Stopped | Desired::Removed => {
                drifted(&row, seen) && enqueue_repair(services, &row).await?
            }
        };
        mended += usize::from(done);
    }
    Ok(mended)
}

/// Has the containers compared soon; asked for by several workers at once it is done once.
pub async fn ask_for_sweep(services: &Services) -> Result<()> {
    let mut tx = services.store.system("sweep of containers").await?;
    let acts_for = ActsFor::System { reason: "the container engine was away", owner: None };
    jobs::enqueue(&mut tx, acts_for, &kinds::SweepContainers {}, Options::default()).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether it should rest and does not, or rests and the row does not know.
fn drifted(row: &Container, seen: Option<&ContainerState>) -> bool {
    let awake = seen.is_some_and(|seen| seen.state == RunState::Running);
    let at_rest = match row.desired() {
        Desired::Paused => matches!(row.observed(), Observed::Paused | Observed::Stopped),
        _ => matches!(row.observed(), Observed::Stopped | Observed::Absent | Observed::Failed),
    };
    awake || !at_rest
}

/// Enqueues what makes the row's wish true, unless a job is at it.
async fn enqueue_repair(services: &Services, row: &Container) -> Result<bool> {
    let mut tx = services.store.system("sweep of containers").await?;
    if is_attended(&mut tx, row.id).await? {
        return Ok(false);
    }
    let owner = ActsFor::User(row.user_id);
    if row.desired() == Desired::Running {
        ensure_running::enqueue_start(&mut tx, owner, row.id).await?;
    } else {
        let stop = kinds::StopContainer { container_id: row.id };
        jobs::enqueue(&mut tx, owner, &stop, Options::default()).await?;
    }
    tx.commit().await?;
    services.gateways.forget(row.id);
    Ok(true)
}

async fn is_attended(tx: &mut Tx, id: ContainerId) -> Result<bool> {
    let at_it = [
        kinds::StartContainer { container_id: id }.unique_key(),
        kinds::RestartContainer { container_id: id }.unique_key(),
        kinds::StopContainer { container_id: id }.unique_key(),
    ];
    for key in at_it.into_iter().flatten() {
        if jobs::is_active(tx, &key).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
