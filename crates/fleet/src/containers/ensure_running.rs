//! The desired state, running or stopped: changes the row and enqueues what makes it true, in one transaction.

use super::state::is_expected_ready;
use crate::{Cx, Result, Services};
use chrono::TimeDelta;
use domain::{Actor, ContainerId, JobId, UserId, lifecycle::Desired, turn::Stage};
use jobs::{
    ActsFor, Due, Options,
    kinds::{RestartContainer, StartContainer, StopContainer},
};
use serde_json::json;
use store::{
    Tx,
    containers::{self, Container, ContainerObservation},
};

/// The container's use is recorded at most this often: the reaper counts in minutes.
const USE_RECORD_INTERVAL: TimeDelta = TimeDelta::seconds(30);

/// Whether the last recorded use is so long ago that another one should be recorded.
pub(crate) fn is_use_record_due(services: &Services, row: &Container) -> bool {
    let now = services.clock.now();
    row.last_used_at.is_none_or(|used| now - used > USE_RECORD_INTERVAL)
}

/// Sets the desired state of the user's container to running, and enqueues its start unless it answers already. A start
/// that waits or runs is not enqueued twice. Answers with the row as it was before.
pub(crate) async fn ensure_running(
    services: &Services,
    tx: &mut Tx,
    actor: &Actor,
    user: UserId,
) -> Result<Container> {
    // The usual case changes nothing, so that two messages of a user do not wait for each other's commit.
    let row = containers::get_of(tx, user).await?;
    if let Some(row) = row.filter(|row| row.is_ready() && !is_use_record_due(services, row)) {
        return Ok(row);
    }
    let row = containers::ensure(tx, ContainerId::new(services.clock.now()), user).await?;
    containers::record_activity(tx, user).await?;
    if !row.is_up() {
        enqueue_start(tx, actor, row.id).await?;
    }
    Ok(row)
}

/// Sets the desired state to running and enqueues the start, whatever the row says.
pub(super) async fn enqueue_start(
    tx: &mut Tx,
    acts_for: impl Into<ActsFor>,
    id: ContainerId,
) -> Result<JobId> {
    enqueue_start_at(tx, acts_for, id, Due::Now).await
}

/// The same for later.
pub(super) async fn enqueue_start_at(
    tx: &mut Tx,
    acts_for: impl Into<ActsFor>,
    id: ContainerId,
    due: Due,
) -> Result<JobId> {
    containers::set_desired(tx, id, Desired::Running).await?;
    let start = StartContainer { container_id: id };
    let job = jobs::enqueue(tx, acts_for, &start, Options { due, ..Options::default() }).await?;
    containers::set_start_job(tx, id, job.id.uuid()).await?;
    Ok(job.id)
}

/// A container that should be ready did not answer: its row says so, and a start repairs it.
pub(crate) async fn mark_unhealthy(services: &Services, actor: &Actor, row: &Container) -> Result<()> {
    let mut tx = services.store.system("a container did not answer").await?;
    let observation = ContainerObservation::Stage(Stage::Queued);
    containers::observe(&mut tx, row.id, row.generation, &observation, "It did not answer.").await?;
    enqueue_start(&mut tx, actor, row.id).await?;
    tx.commit().await?;
    services.gateways.forget(row.id);
    Ok(())
}

/// The same for a container that did not answer a probe, unless it was stopped or recreated since then. Answers whether
/// its start was enqueued.
pub(super) async fn mark_unresponsive(services: &Services, row: &Container) -> Result<bool> {
    let mut tx = services.store.system("a container does not answer a probe").await?;
    let now = containers::ensure(&mut tx, row.id, row.user_id).await?;
    if now.generation != row.generation || !is_expected_ready(&now) || now.stage_since != row.stage_since {
        return Ok(false);
    }
    let observation = ContainerObservation::Stage(Stage::Queued);
    let reason = "It does not answer; it is being repaired.";
    containers::observe(&mut tx, row.id, row.generation, &observation, reason).await?;
    enqueue_start(&mut tx, ActsFor::User(row.user_id), row.id).await?;
    tx.commit().await?;
    services.gateways.forget(row.id);
    Ok(true)
}

/// Starts the acting user's container.
pub async fn start(cx: &Cx) -> Result<JobId> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    let row = containers::ensure(&mut tx, ContainerId::new(cx.services.clock.now()), user).await?;
    let job = enqueue_start(&mut tx, &cx.actor, row.id).await?;
    cx.audit(&mut tx, "container.start", &row.id.to_string(), Some(user), json!({})).await?;
    tx.commit().await?;
    Ok(job)
}

/// Stops it. Its state stays; the next message starts it again.
pub async fn stop(cx: &Cx) -> Result<JobId> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    let row = containers::ensure(&mut tx, ContainerId::new(cx.services.clock.now()), user).await?;
    containers::set_desired(&mut tx, row.id, Desired::Stopped).await?;
    containers::set_stopped_by_user(&mut tx, row.id).await?;
    let job = StopContainer { container_id: row.id };
    let job = jobs::enqueue(&mut tx, &cx.actor, &job, jobs::Options::default()).await?;
    cx.audit(&mut tx, "container.stop", &row.id.to_string(), Some(user), json!({})).await?;
    tx.commit().await?;
    Ok(job.id)
}

/// Recreates it from the present image and settings. Its state stays.
pub async fn restart(cx: &Cx) -> Result<JobId> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    let row = containers::ensure(&mut tx, ContainerId::new(cx.services.clock.now()), user).await?;
    containers::set_desired(&mut tx, row.id, Desired::Running).await?;
    let job = RestartContainer { container_id: row.id };
    let job = jobs::enqueue(&mut tx, &cx.actor, &job, jobs::Options::default()).await?;
    cx.audit(&mut tx, "container.restart", &row.id.to_string(), Some(user), json!({})).await?;
    tx.commit().await?;
    Ok(job.id)
}
