//! The result of the latest run.

use crate::{Cx, Result};
use chrono::{DateTime, Utc};
use domain::{JobId, isolation::Check};
use jobs::JobState;
use serde::Serialize;
use store::isolation;
use utoipa::ToSchema;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SelfTestState {
    /// It waits or runs.
    Running,
    /// It has a result.
    Done,
    /// It ended without one.
    Failed,
}

/// The latest run, as admins see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SelfTest)]
pub struct SelfTestReport {
    /// The job that runs it.
    job_id: JobId,
    /// How far it is.
    state: SelfTestState,
    /// When it began, or was enqueued.
    started_at: DateTime<Utc>,
    /// When it had a result.
    finished_at: Option<DateTime<Utc>>,
    /// Whether agents are kept from what they must not reach; null = unknown so far.
    enforced: Option<bool>,
    /// The same in one sentence.
    summary: String,
    /// All checks.
    #[schema(value_type = Vec<Check>)]
    checks: serde_json::Value,
}

/// The run that was enqueued last, for an admin; `None` before the first one.
pub async fn report(cx: &Cx) -> Result<Option<SelfTestReport>> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    let Some(run) = isolation::latest(&mut tx).await? else { return Ok(None) };
    let job = jobs::get(&mut tx, run.job_id).await?;
    let (state, summary) = match (run.finished_at, job) {
        (Some(_), _) => (SelfTestState::Done, run.summary),
        (None, Some(job)) if !job.state.is_final() => (SelfTestState::Running, "It runs.".to_owned()),
        (None, Some(job)) if job.state == JobState::Cancelled => {
            (SelfTestState::Failed, "It was cancelled.".to_owned())
        }
        (None, job) => {
            let why = job.and_then(|job| job.last_error);
            (
                SelfTestState::Failed,
                why.unwrap_or_else(|| "It ended without a result. Run it again.".to_owned()),
            )
        }
    };
    Ok(Some(SelfTestReport {
        job_id: run.job_id,
        state,
        started_at: run.started_at.unwrap_or(run.asked_at),
        finished_at: run.finished_at,
        enforced: run.enforced.filter(|_| state == SelfTestState::Done),
        summary,
        checks: run.checks,
    }))
}
