//! Ask for an archive, and see how it stands.

use crate::{Cx, Result};
use chrono::{DateTime, Utc};
use domain::JobId;
use jobs::kinds::ExportData;
use serde::Serialize;
use serde_json::json;
use store::exports;
use utoipa::ToSchema;

/// How an archive stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ExportState)]
pub enum State {
    /// It is being made.
    Running,
    /// It can be downloaded.
    Ready,
    /// It could not be made, or its time is over.
    Failed,
}

/// The acting user's latest archive.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Export)]
pub struct Standing {
    /// The job that makes it.
    job_id: JobId,
    /// How it stands.
    state: State,
    /// Its size; null until it is ready.
    size_bytes: Option<i64>,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// Until when it can be downloaded; null until it is ready.
    expires_at: Option<DateTime<Utc>>,
    /// Why it failed, or what it waits for.
    detail: Option<String>,
}

/// Enqueues an archive of everything that is the acting user's. One that waits is not doubled.
pub async fn enqueue(cx: &Cx) -> Result<JobId> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    let job =
        jobs::enqueue(&mut tx, &cx.actor, &ExportData { user_id: user }, jobs::Options::default()).await?;
    exports::ask(&mut tx, job.id, user).await?;
    cx.audit(&mut tx, "me.export", &user.to_string(), Some(user), json!({})).await?;
    tx.commit().await?;
    Ok(job.id)
}

/// How the latest one stands; `None`: there is none.
pub async fn standing(cx: &Cx) -> Result<Option<Standing>> {
    let mut tx = cx.begin().await?;
    let Some(export) = exports::latest(&mut tx, cx.user()?).await? else { return Ok(None) };
    let job = jobs::get(&mut tx, export.job_id).await?;
    let (state, detail) = match (export.size_bytes, job) {
        (Some(_), _) if export.expired => {
            (State::Failed, Some("Its day is over. Ask for a new one.".to_owned()))
        }
        (Some(_), _) => (State::Ready, None),
        (None, Some(job)) if !job.state.is_final() => (State::Running, job.last_error),
        (None, job) => {
            let why = job.and_then(|job| job.last_error);
            (State::Failed, Some(why.unwrap_or_else(|| "It was ended. Ask for a new one.".to_owned())))
        }
    };
    Ok(Some(Standing {
        job_id: export.job_id,
        state,
        size_bytes: export.size_bytes,
        created_at: export.created_at,
        expires_at: export.expires_at,
        detail,
    }))
}
