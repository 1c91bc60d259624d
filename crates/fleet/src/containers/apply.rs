//! See to it that a running container has its user's newest configuration in force.
//!
//! The container fetches it by itself, as soon as it is told (`agent_config`). Here it is waited for what the
//! container says, because "applied" is what it reports; one that says nothing is made anew.

use crate::{Error, Progress, Result, Services};
use domain::{ContainerId, lifecycle::Desired};
use jobs::{ActsFor, kinds::RestartContainer};
use std::time::Duration;
use store::{containers, listen};
use tokio::time::Instant;

/// How long a container may take to fetch and load a configuration. OpenClaw needs up to ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// A notification can be missed.
const REREAD: Duration = Duration::from_secs(2);

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It is in force, or the next start brings it.
    InForce,
    /// OpenClaw did not accept it; its row says why, to its owner.
    Refused,
    /// The container did not answer; this job makes it anew.
    Restarting,
    /// The wait was ended from outside.
    Cancelled,
}

/// Waits until the container has the newest configuration; makes it anew when it does not say so in time.
pub async fn apply(services: &Services, job: &dyn Progress, id: ContainerId) -> Result<Applied> {
    let deadline = Instant::now() + PATIENCE;
    let container = id.uuid().to_string();
    job.phase("wait for the container").await;
    loop {
        let mut listener = services.ear.listen();
        let mut tx = services.store.system("is a configuration in force").await?;
        let Some(row) = containers::get(&mut tx, id).await? else { return Ok(Applied::InForce) };
        if !row.is_up() || containers::has_newest(&mut tx, id).await? {
            return Ok(if row.config_error.is_none() { Applied::InForce } else { Applied::Refused });
        }
        if row.config_error.is_some() {
            return Ok(Applied::Refused);
        }
        drop(tx);
        if Instant::now() >= deadline {
            return restart(services, job, id).await;
        }
        tokio::select! {
            () = listener.wait_for(listen::CONTAINER, &container, REREAD) => {}
            () = job.cancel().cancelled() => return Ok(Applied::Cancelled),
        }
    }
}

async fn restart(services: &Services, job: &dyn Progress, id: ContainerId) -> Result<Applied> {
    job.phase("restart").await;
    let mut tx = services.store.system("a container does not take its configuration").await?;
    let row = containers::get(&mut tx, id).await?.ok_or(Error::NotFound("container"))?;
    if row.desired() != Desired::Running {
        return Ok(Applied::InForce);
    }
    let restart = RestartContainer { container_id: id };
    jobs::enqueue(&mut tx, ActsFor::User(row.user_id), &restart, jobs::Options::default()).await?;
    tx.commit().await?;
    Ok(Applied::Restarting)
}
