//! Stop or recreate another user's container. Its state stays.

use crate::{Cx, Error, Result};
use domain::{ContainerId, JobId, UserId, lifecycle::Desired};
use jobs::{
    ActsFor, Enqueued, Options,
    kinds::{RestartContainer, StopContainer},
};
use serde_json::json;
use store::{Tx, containers};

/// Stops it; its user's next message starts it again.
pub async fn stop(cx: &Cx, id: ContainerId) -> Result<JobId> {
    let (mut tx, user) = set_desired(cx, id, Desired::Stopped).await?;
    let stop = StopContainer { container_id: id };
    let job = jobs::enqueue(&mut tx, for_user(user), &stop, Options::default()).await?;
    finish(cx, tx, "container.stop", id, user, job).await
}

/// Recreates it from the present image and settings.
pub async fn restart(cx: &Cx, id: ContainerId) -> Result<JobId> {
    let (mut tx, user) = set_desired(cx, id, Desired::Running).await?;
    let restart = RestartContainer { container_id: id };
    let job = jobs::enqueue(&mut tx, for_user(user), &restart, Options::default()).await?;
    finish(cx, tx, "container.restart", id, user, job).await
}

/// An admin's own scope only reads the containers of others.
async fn set_desired(cx: &Cx, id: ContainerId, desired: Desired) -> Result<(Tx, UserId)> {
    cx.as_admin()?;
    let mut tx = cx.services.store.system("an admin stops or restarts a container").await?;
    let row = containers::get(&mut tx, id).await?.ok_or(Error::NotFound("container"))?;
    containers::set_desired(&mut tx, id, desired).await?;
    Ok((tx, row.user_id))
}

const fn for_user(user: UserId) -> ActsFor {
    ActsFor::system_for("an admin asked for it", user)
}

async fn finish(
    cx: &Cx,
    mut tx: Tx,
    action: &'static str,
    id: ContainerId,
    user: UserId,
    job: Enqueued,
) -> Result<JobId> {
    cx.as_admin()?.audit(&mut tx, action, &id.to_string(), Some(user), json!({})).await?;
    tx.commit().await?;
    Ok(job.id)
}
