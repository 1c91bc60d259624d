//! One job with its attempts, its phases and why it waits.

use super::{Job, Wait, wait_sentence};
use crate::{Cx, Error, Result};
use ::jobs::{AttemptView, PhaseView};
use chrono::{DateTime, Utc};
use domain::{JobId, WorkerId};
use serde::Serialize;
use utoipa::ToSchema;

/// A job in full, without payload.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobDetail)]
pub struct Detail {
    #[serde(flatten)]
    job: Job,
    /// Why it has not started; only while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<Wait>,
    attempts: Vec<Attempt>,
    phases: Vec<Phase>,
}

/// An attempt that has ended.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobAttempt)]
struct Attempt {
    attempt: i32,
    worker: WorkerId,
    started_at: DateTime<Utc>,
    finished_at: DateTime<Utc>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl From<AttemptView> for Attempt {
    fn from(attempt: AttemptView) -> Self {
        Self {
            attempt: attempt.attempt,
            worker: attempt.worker,
            started_at: attempt.started_at,
            finished_at: attempt.finished_at,
            outcome: attempt.outcome.as_str(),
            error: attempt.error,
        }
    }
}

/// A bar of the waterfall.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobPhase)]
struct Phase {
    attempt: i32,
    name: String,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<PhaseView> for Phase {
    fn from(phase: PhaseView) -> Self {
        Self {
            attempt: phase.attempt,
            name: phase.name,
            started_at: phase.started_at,
            finished_at: phase.finished_at,
        }
    }
}

/// One job that the actor may see.
pub async fn get(cx: &Cx, id: JobId) -> Result<Detail> {
    let mut tx = cx.begin().await?;
    let job = ::jobs::get(&mut tx, id).await?.ok_or(Error::NotFound("job"))?;
    let reason = ::jobs::wait_reason(&mut tx, id).await?;
    Ok(Detail {
        waits: reason.map(|reason| wait_sentence::explain(&job, reason)),
        job: job.into(),
        attempts: ::jobs::attempts(&mut tx, id).await?.into_iter().map(Attempt::from).collect(),
        phases: ::jobs::phases(&mut tx, id).await?.into_iter().map(Phase::from).collect(),
    })
}
