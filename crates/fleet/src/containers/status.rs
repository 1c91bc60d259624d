//! What the owner sees of his container.

use super::{StartFailure, images};
use crate::{Cx, Result, auth::recheck_access};
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
    listen, users,
};
use utoipa::ToSchema;

/// The container as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ContainerStatus)]
pub struct Status {
    /// Its id.
    pub id: ContainerId,
    /// What is wanted.
    pub desired: Desired,
    /// What was last seen.
    pub observed: Observed,
    /// How far a start is.
    pub stage: Stage,
    /// Since when.
    pub stage_since: DateTime<Utc>,
    /// Why it failed: `{code, title, detail}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Value>,
    /// Why it waits, went down or is not what it was, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The image it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Seconds without use after which it is stopped; absent = never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_stop_after_seconds: Option<u32>,
    /// Version of the configuration that is in force, as the container said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_version: Option<String>,
    /// A change of providers or agents is on its way into it.
    pub takes_over: bool,
    /// It was made from another image than the present one: it gets the new one at its next start.
    pub outdated: bool,
    /// What OpenClaw said of a configuration it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_error: Option<String>,
    /// The job that starts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_job: Option<JobId>,
}

/// The acting user's container; `None` before his first message.
pub async fn status(cx: &Cx) -> Result<Option<Status>> {
    let mut tx = cx.begin().await?;
    read(cx, &mut tx).await
}

async fn read(cx: &Cx, tx: &mut Tx) -> Result<Option<Status>> {
    let user = cx.user()?;
    let Some(row) = containers::get_of(tx, user).await? else { return Ok(None) };
    let settings = cx.services.settings.get();
    let newest = images::newest(tx, &settings).await?;
    let idle =
        users::idle_timeout(tx, user).await?.unwrap_or(settings.idle_timeout_minutes.saturating_mul(60));
    Ok(Some(Status {
        id: row.id,
        desired: row.desired(),
        observed: row.observed(),
        stage: row.stage(),
        stage_since: row.stage_since,
        start_job: row.start_job.map(JobId::from),
        takes_over: row.is_up() && row.takes_over,
        outdated: row.is_up() && !row.image().is_some_and(|image| image.may_be(&newest)),
        reason: reason(&row, &newest),
        idle_stop_after_seconds: Some(idle).filter(|idle| *idle > 0),
        image: row.image().map(|image| image.name),
        failure: row.failure,
        applied_version: row.applied_version,
        config_error: row.config_error,
    }))
}

/// A failure has its own words.
fn reason(row: &Container, newest: &PinnedImage) -> Option<String> {
    let failure = row.failure.clone().and_then(|said| serde_json::from_value::<StartFailure>(said).ok());
    let failed = failure.map(|failure| format!("{} {}", failure.title, failure.detail));
    failed
        .or_else(|| row.reason.clone())
        .or_else(|| disk(row.disk_full && row.is_up()))
        .or_else(|| images::remark(row, newest))
}

/// What it means that the disk of a container that runs is full, if it is.
pub(crate) fn disk(full: bool) -> Option<String> {
    let cause = openclaw::Cause::DiskFull;
    full.then(|| format!("{} {}", cause.title(), cause.next_step()))
}

/// The same for somebody who listens for long.
async fn read_while_open(cx: &Cx) -> Result<Option<Status>> {
    recheck_access(cx).await?;
    status(cx).await
}

/// The container now, and again at every change, for as long as somebody listens and his account is open.
pub fn follow(cx: &Cx) -> impl Stream<Item = Result<Option<Status>>> + Send + 'static {
    const REREAD: Duration = Duration::from_secs(5);
    let cx = cx.clone();
    stream::unfold((cx, None::<Option<Status>>), |(cx, told)| async move {
        loop {
            let mut listener = cx.services.ear.listen();
            let now = match read_while_open(&cx).await {
                Ok(now) => now,
                Err(error) if error.is_refusal() => return None,
                Err(error) => {
                    tokio::time::sleep(REREAD).await;
                    return Some((Err(error), (cx, told)));
                }
            };
            if told.as_ref() != Some(&now) {
                return Some((Ok(now.clone()), (cx, Some(now))));
            }
            let id = now.map(|status| status.id.uuid().to_string()).unwrap_or_default();
            listener.wait_for(listen::CONTAINER, &id, REREAD).await;
        }
    })
}
