//! All containers.

use crate::{
    Cx, Result,
    containers::{self, Budget},
};
use chrono::{DateTime, Utc};
use domain::{
    ContainerId, UserId,
    image::PinnedImage,
    lifecycle::{Desired, Observed},
    limits::Limits,
    settings::Settings,
};
use serde::Serialize;
use store::overview::{self, ContainerOverview};
use utoipa::ToSchema;

/// A container as an admin sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FleetContainer)]
pub struct FleetContainerResponse {
    id: ContainerId,
    pub user: ContainerUser,
    /// What is wanted.
    desired: Desired,
    /// What was last observed.
    state: Observed,
    /// Since when it is in that state.
    since: DateTime<Utc>,
    /// Seconds since its last use; null unless it answers or is paused.
    idle_seconds: Option<i64>,
    /// When it last became ready; null unless it answers or is paused.
    started_at: Option<DateTime<Utc>>,
    /// Last chat activity.
    last_used_at: Option<DateTime<Utc>>,
    /// Image it was created from.
    image: Option<String>,
    /// It was created from another image than the present one.
    outdated: bool,
    /// What it uses and what it may use.
    memory: Memory,
    /// What it may use: the limits it was created with, or will be.
    limits: Limits,
    /// What it may use from its next start on, if that differs.
    next_limits: Option<Limits>,
    /// Starts after the first.
    restarts: i64,
    /// Why it failed, waits or stopped, in a sentence.
    reason: Option<String>,
}

/// A container's user.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FleetUser)]
pub struct ContainerUser {
    id: UserId,
    /// Pages continue behind it.
    pub username: String,
    /// No person: the container is one of the instance's own agents.
    system: bool,
}

/// A container's memory.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FleetMemory)]
pub struct Memory {
    /// As measured within the last minutes; null = not measured.
    used_bytes: Option<i64>,
    /// Most it may use.
    limit_bytes: u64,
}

/// One page of containers by their users' names, behind the name `after`, for an admin.
pub async fn list(cx: &Cx, after: Option<&str>, limit: u32) -> Result<Vec<FleetContainerResponse>> {
    let mut tx = cx.as_admin()?.begin().await?;
    let rows = overview::list(&mut tx, after, limit.into()).await?;
    let settings = cx.services.settings.get();
    let newest = containers::newest_image(&mut tx, &settings).await?;
    Ok(rows.into_iter().map(|row| to_response(row, &newest, &settings)).collect())
}

/// How the memory is shared out, for an admin.
pub async fn budget(cx: &Cx) -> Result<Budget> {
    cx.as_admin()?;
    let mut tx = cx.system("memory of the host, for an admin").await?;
    containers::budget(&mut tx, &cx.services.settings.get()).await
}

fn to_response(row: ContainerOverview, newest: &PinnedImage, settings: &Settings) -> FleetContainerResponse {
    let next = row.own_limits.apply_to(settings.limits);
    let now = row.made_limits.map(|made| made.0).filter(|_| row.started_at.is_some()).unwrap_or(next);
    let image = row.image.clone().map(PinnedImage::from);
    let state = row.observed;
    let text = |field: &str| row.failure.as_ref().and_then(|failure| failure[field].as_str());
    let failed = text("title").map(|title| format!("{title} {}", text("detail").unwrap_or_default()));
    FleetContainerResponse {
        id: row.id,
        user: ContainerUser { id: row.user_id, username: row.username, system: row.system },
        desired: row.desired,
        state,
        since: row.since,
        idle_seconds: row.idle_seconds,
        started_at: row.started_at,
        last_used_at: row.last_used_at,
        outdated: state == Observed::Ready && !image.as_ref().is_some_and(|image| image.may_equal(newest)),
        image: image.map(|image| image.name),
        memory: Memory { used_bytes: row.memory_bytes, limit_bytes: now.memory_bytes() },
        limits: now,
        next_limits: (!now.builds_same_container(next)).then_some(next),
        restarts: row.restarts,
        reason: failed
            .map(|failed| failed.trim_end().to_owned())
            .or(row.reason)
            .or_else(|| containers::disk_full_reason(row.disk_full && state == Observed::Ready)),
    }
}
