//! Requests an archive, and reports its state.

use crate::{Cx, Result};
use chrono::{DateTime, Utc};
use domain::JobId;
use jobs::kinds::ExportData;
use serde::Serialize;
use serde_json::json;
use store::exports;
use utoipa::ToSchema;

/// The state of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportState {
    /// It is being made.
    Running,
    /// It can be downloaded.
    Ready,
    /// It could not be made, or it has expired.
    Failed,
}

/// The acting user's latest archive.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Export)]
pub struct ExportStatus {
    /// The job that makes it.
    job_id: JobId,
    /// Its state.
    state: ExportState,
    /// Its size; null until it is ready.
    size_bytes: Option<i64>,
    /// When it was requested.
    created_at: DateTime<Utc>,
    /// Until when it can be downloaded; null until it is ready.
    expires_at: Option<DateTime<Utc>>,
    /// Why it failed, or what it waits for.
    detail: Option<String>,
}

/// Enqueues an archive of everything that belongs to the acting user. If one waits already, there is no second one.
pub async fn enqueue(cx: &Cx) -> Result<JobId> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    let job =
        jobs::enqueue(&mut tx, &cx.actor, &ExportData { user_id: user }, jobs::Options::default()).await?;
    exports::request(&mut tx, job.id, user).await?;
    cx.audit(&mut tx, "me.export", &user.to_string(), Some(user), json!({})).await?;
    tx.commit().await?;
    Ok(job.id)
}

/// The latest archive; `None` if there is none.
pub async fn status(cx: &Cx) -> Result<Option<ExportStatus>> {
    let mut tx = cx.begin().await?;
    let Some(export) = exports::latest(&mut tx, cx.user()?).await? else { return Ok(None) };
    let job = jobs::get(&mut tx, export.job_id).await?;
    let (state, detail) = match (export.size_bytes, job) {
        (Some(_), _) if export.expired => {
            (ExportState::Failed, Some("It has expired. Request a new one.".to_owned()))
        }
        (Some(_), _) => (ExportState::Ready, None),
        (None, Some(job)) if !job.state.is_final() => (ExportState::Running, job.last_error),
        (None, job) => {
            let why = job.and_then(|job| job.last_error);
            (
                ExportState::Failed,
                Some(why.unwrap_or_else(|| "It was cancelled. Request a new one.".to_owned())),
            )
        }
    };
    Ok(Some(ExportStatus {
        job_id: export.job_id,
        state,
        size_bytes: export.size_bytes,
        created_at: export.created_at,
        expires_at: export.expires_at,
        detail,
    }))
}
