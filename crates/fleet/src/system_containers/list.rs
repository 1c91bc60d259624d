//! All of them, with the state of their containers.

use crate::{Cx, Error, Result};
use chrono::{DateTime, Utc};
use domain::{ContainerId, UserId, lifecycle::Observed, settings::Settings};
use serde::Serialize;
use store::{
    Tx,
    system_containers::{self, SystemContainer},
};
use utoipa::ToSchema;

/// An agent of the instance itself, as an admin sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SystemContainer)]
pub struct SystemContainerResponse {
    /// Its account: what X-Mosaic-Account takes.
    id: UserId,
    name: String,
    /// What it is for.
    purpose: String,
    /// The admin who created it, while their account exists.
    made_by: Option<String>,
    created_at: DateTime<Utc>,
    /// Since when it is disabled; null = enabled.
    disabled_at: Option<DateTime<Utc>>,
    /// Its container; null before its first use.
    container_id: Option<ContainerId>,
    /// What was last observed of it.
    state: Observed,
    /// Last chat activity.
    last_used_at: Option<DateTime<Utc>>,
    /// Seconds without use after which its container is stopped: its own setting or the instance's; 0 = never.
    idle_stop_after_seconds: u32,
}

/// All of them by name, for an admin.
pub async fn list(cx: &Cx) -> Result<Vec<SystemContainerResponse>> {
    let mut tx = cx.as_admin()?.begin().await?;
    let settings = cx.services.settings.get();
    let rows = system_containers::list(&mut tx).await?;
    Ok(rows.into_iter().map(|row| to_response(row, &settings)).collect())
}

/// One of them.
pub(super) async fn read(cx: &Cx, tx: &mut Tx, id: UserId) -> Result<SystemContainerResponse> {
    let row = system_containers::get(tx, id).await?.ok_or(Error::NotFound("system container"))?;
    Ok(to_response(row, &cx.services.settings.get()))
}

fn to_response(row: SystemContainer, settings: &Settings) -> SystemContainerResponse {
    let instance_timeout = settings.idle_timeout_minutes.saturating_mul(60);
    SystemContainerResponse {
        id: row.user_id,
        container_id: row.container_id(),
        state: row.observed,
        idle_stop_after_seconds: row.idle_timeout().unwrap_or(instance_timeout),
        name: row.username,
        purpose: row.purpose,
        made_by: row.made_by,
        created_at: row.created_at,
        disabled_at: row.disabled_at,
        last_used_at: row.last_used_at,
    }
}
