//! Make sure that a running container has its user's newest configuration in force.
//!
//! The container fetches it by itself, as soon as it is notified (`agent_config`). This job waits for the container's
//! own report, because "applied" is what it reports; a container that does not report is recreated.

use crate::{Error, Progress, Result, Services};
use domain::{ContainerId, lifecycle::Desired};
use jobs::{ActsFor, kinds::RestartContainer};
use std::time::Duration;
use store::{
    containers,
    listen::{self, Wait},
};

/// How long a container may take to fetch and load a configuration. OpenClaw needs up to ten seconds.
const APPLY_TIMEOUT: Duration = Duration::from_secs(60);
/// A notification can be missed.
const REREAD_INTERVAL: Duration = Duration::from_secs(2);

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It is in force, or the next start brings it.
    InForce,
    /// OpenClaw did not accept it; the row says why, to its owner.
    Refused,
    /// The container did not answer; this job recreates it.
    Restarting,
    /// The wait was cancelled.
    Cancelled,
}

/// Waits until the container has the newest configuration; recreates it when it does not report that in time.
pub async fn apply(services: &Services, job: &dyn Progress, id: ContainerId) -> Result<Applied> {
    job.phase("wait for the container").await;
    let wait =
        Wait { channel: listen::CONTAINER, reread_every: REREAD_INTERVAL, at_most: Some(APPLY_TIMEOUT) };
    let pending = |applied: &Option<Applied>| applied.is_none().then(|| id.uuid());
    let waiting = services.notifications.wait_until(wait, async || reported(services, id).await, pending);
    let applied = tokio::select! {
        applied = waiting => applied?,
        () = job.cancel().cancelled() => return Ok(Applied::Cancelled),
    };
    match applied {
        Some(applied) => Ok(applied),
        None => restart(services, job, id).await,
    }
}

/// What the container reported; `None` while it still has to.
async fn reported(services: &Services, id: ContainerId) -> Result<Option<Applied>> {
    let mut tx = services.store.system("is a configuration in force").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(Some(Applied::InForce)) };
    let is_over = !row.is_up() || containers::has_newest_config(&mut tx, id).await?;
    Ok(match (row.config_error, is_over) {
        (Some(_), _) => Some(Applied::Refused),
        (None, true) => Some(Applied::InForce),
        (None, false) => None,
    })
}

async fn restart(services: &Services, job: &dyn Progress, id: ContainerId) -> Result<Applied> {
    job.phase("restart").await;
    let mut tx = services.store.system("a container does not take its configuration").await?;
    let row = containers::get(&mut tx, id).await?.ok_or(Error::NotFound("container"))?;
    if row.desired != Desired::Running {
        return Ok(Applied::InForce);
    }
    let restart = RestartContainer { container_id: id };
    jobs::enqueue(&mut tx, ActsFor::User(row.user_id), &restart, jobs::Options::default()).await?;
    tx.commit().await?;
    Ok(Applied::Restarting)
}
