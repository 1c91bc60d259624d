//! What happens for the acting user: his jobs with attempts and phases, without payload.

use crate::{Cx, Error, Result};
pub use ::jobs::JobState;
use chrono::{DateTime, Utc};
use domain::JobId;
use serde::Serialize;
use utoipa::ToSchema;

/// A job as its owner sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    id: JobId,
    kind: String,
    lane: String,
    state: JobState,
    attempt: i32,
    max_attempts: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    attempts: Vec<Attempt>,
    phases: Vec<Phase>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobAttempt)]
struct Attempt {
    attempt: i32,
    started_at: DateTime<Utc>,
    finished_at: DateTime<Utc>,
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobPhase)]
struct Phase {
    attempt: i32,
    name: String,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

/// One job of the acting user.
pub async fn get(cx: &Cx, id: JobId) -> Result<Job> {
    let mut tx = cx.begin().await?;
    let job = ::jobs::get(&mut tx, id).await?.ok_or(Error::NotFound("job"))?;
    let attempts = ::jobs::attempts(&mut tx, id).await?.into_iter();
    let phases = ::jobs::phases(&mut tx, id).await?.into_iter();
    Ok(Job {
        id: job.id,
        kind: job.kind,
        lane: job.lane,
        state: job.state,
        attempt: job.attempt,
        max_attempts: job.max_attempts,
        progress: job.progress,
        last_error: job.last_error,
        due_at: job.due_at,
        created_at: job.created_at,
        started_at: job.started_at,
        finished_at: job.finished_at,
        attempts: attempts
            .map(|a| Attempt {
                attempt: a.attempt,
                started_at: a.started_at,
                finished_at: a.finished_at,
                outcome: a.outcome,
                error: a.error,
            })
            .collect(),
        phases: phases
            .map(|p| Phase {
                attempt: p.attempt,
                name: p.name,
                started_at: p.started_at,
                finished_at: p.finished_at,
            })
            .collect(),
    })
}
