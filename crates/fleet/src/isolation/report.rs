//! What the latest run found.

use crate::{Cx, Result};
use chrono::{DateTime, Utc};
use domain::{JobId, isolation::Check};
use jobs::JobState;
use serde::Serialize;
use store::isolation;
use utoipa::ToSchema;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SelfTestState)]
pub enum State {
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
pub struct Report {
    /// The job that runs it.
    job_id: JobId,
    /// Where it stands.
    state: State,
    /// When it began, or was asked for.
    started_at: DateTime<Utc>,
    /// When it had a result.
    finished_at: Option<DateTime<Utc>>,
    /// Whether agents are kept from what they must not reach; null = not known (yet).
    enforced: Option<bool>,
    /// The same in one sentence.
    summary: String,
    /// Every try.
    #[schema(value_type = Vec<Check>)]
    checks: serde_json::Value,
}

/// The run that was asked for last, for an admin; `None`: nobody asked yet.
pub async fn report(cx: &Cx) -> Result<Option<Report>> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    let Some(run) = isolation::latest(&mut tx).await? else { return Ok(None) };
    let job = jobs::get(&mut tx, run.job_id).await?;
    let (state, summary) = match (run.finished_at, job) {
        (Some(_), _) => (State::Done, run.summary),
        (None, Some(job)) if !job.state.is_final() => (State::Running, "It runs.".to_owned()),
        (None, Some(job)) if job.state == JobState::Cancelled => {
            (State::Failed, "It was cancelled.".to_owned())
        }
        (None, job) => {
            let why = job.and_then(|job| job.last_error);
            (State::Failed, why.unwrap_or_else(|| "It ended without a result. Run it again.".to_owned()))
        }
    };
    Ok(Some(Report {
        job_id: run.job_id,
        state,
        started_at: run.started_at.unwrap_or(run.asked_at),
        finished_at: run.finished_at,
        enforced: run.enforced.filter(|_| state == State::Done),
        summary,
        checks: run.checks,
    }))
}
