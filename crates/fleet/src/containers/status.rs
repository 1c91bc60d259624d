//! What the owner sees of their container.

use super::{StartFailure, images};
use crate::{Cx, Result, access::recheck_access};
use chrono::{DateTime, Utc};
use domain::{
    ContainerId, JobId,
    image::PinnedImage,
    lifecycle::{Desired, Observed},
    turn::Stage,
};
use futures_util::{Stream, stream};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use store::{
    Tx,
    containers::{self, Container},
    listen::{self, Wait},
    users,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// The container as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerStatus {
    pub id: ContainerId,
    pub desired: Desired,
    /// What was last observed.
    pub observed: Observed,
    /// How far a start is.
    pub stage: Stage,
    /// Since when it is in that stage.
    pub stage_since: DateTime<Utc>,
    /// Why it failed: `{code, title, detail}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Value>,
    /// Why it waits, stopped or changed, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The image that it was created from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Seconds without use after which it is stopped; absent = never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_stop_after_seconds: Option<u32>,
    /// Version of the configuration in force, as the container reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_version: Option<String>,
    /// The container is taking over a change of providers or agents.
    pub takes_over: bool,
    /// It was created from another image than the present one: it gets the new one at its next start.
    pub outdated: bool,
    /// OpenClaw's message about a configuration that it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_error: Option<String>,
    /// The job that starts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_job: Option<JobId>,
}

/// The acting user's container; `None` before their first message.
pub async fn status(cx: &Cx) -> Result<Option<ContainerStatus>> {
    let mut tx = cx.begin().await?;
    read(cx, &mut tx).await
}

async fn read(cx: &Cx, tx: &mut Tx) -> Result<Option<ContainerStatus>> {
    let user = cx.user()?;
    let Some(row) = containers::get_of(tx, user).await? else { return Ok(None) };
    let settings = cx.services.settings.get();
    let newest = images::newest(tx, &settings).await?;
    let idle =
        users::idle_timeout(tx, user).await?.unwrap_or(settings.idle_timeout_minutes.saturating_mul(60));
    Ok(Some(ContainerStatus {
        id: row.id,
        desired: row.desired,
        observed: row.observed,
        stage: row.stage,
        stage_since: row.stage_since,
        start_job: row.start_job.map(JobId::from),
        takes_over: row.is_up() && row.config_pending,
        outdated: row.is_up() && !row.image().is_some_and(|image| image.may_equal(&newest)),
        reason: reason(&row, &newest),
        idle_stop_after_seconds: Some(idle).filter(|idle| *idle > 0),
        image: row.image().map(|image| image.name),
        failure: row.failure,
        applied_version: row.applied_version,
        config_error: row.config_error,
    }))
}

/// The first reason that applies; a failure comes first.
fn reason(row: &Container, newest: &PinnedImage) -> Option<String> {
    let failure = row.failure.clone().and_then(|stored| serde_json::from_value::<StartFailure>(stored).ok());
    let failed = failure.map(|failure| format!("{} {}", failure.title, failure.detail));
    failed
        .or_else(|| row.reason.clone())
        .or_else(|| disk_full_reason(row.disk_full && row.is_up()))
        .or_else(|| images::fallback_notice(row, newest))
}

/// What it means for a running container that its disk is full, if it is.
pub(crate) fn disk_full_reason(full: bool) -> Option<String> {
    let cause = openclaw::Cause::DiskFull;
    full.then(|| format!("{} {}", cause.title(), cause.next_step()))
}

/// The same for a listener whose access may have ended.
async fn recheck_and_read(cx: &Cx) -> Result<Option<ContainerStatus>> {
    recheck_access(cx).await?;
    status(cx).await
}

/// The container now, and again at every change, for as long as the listener stays and may.
pub fn follow(cx: &Cx) -> impl Stream<Item = Result<Option<ContainerStatus>>> + Send + 'static {
    const REREAD_INTERVAL: Duration = Duration::from_secs(5);
    const WAIT: Wait = Wait { channel: listen::CONTAINER, reread_every: REREAD_INTERVAL, at_most: None };
    stream::unfold((cx.clone(), None::<Option<ContainerStatus>>), |(cx, last)| async move {
        let unchanged = |now: &Option<ContainerStatus>| {
            let id = now.as_ref().map_or(Uuid::nil(), |status| status.id.uuid());
            (last.as_ref() == Some(now)).then_some(id)
        };
        let changed =
            cx.services.notifications.wait_until(WAIT, async || recheck_and_read(&cx).await, unchanged);
        match changed.await {
            Ok(now) => Some((Ok(now.clone()), (cx, Some(now)))),
            Err(error) if error.is_refusal() => None,
            Err(error) => {
                tokio::time::sleep(REREAD_INTERVAL).await;
                Some((Err(error), (cx, last)))
            }
        }
    })
}
