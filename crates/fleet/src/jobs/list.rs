//! Lists of jobs.

use super::owner_filter;
use crate::{Cx, Result};
use ::jobs::{JobState, JobView, Lane, Priority, board};
use chrono::{DateTime, Utc};
use domain::{Invalid, JobId, UserId, invalid};
use serde::Serialize;
use utoipa::ToSchema;

/// A job as its owner and admins see it: never its payload.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub id: JobId,
    pub kind: String,
    pub lane: String,
    pub owner: Option<UserId>,
    pub state: JobState,
    pub priority: Priority,
    pub attempt: i32,
    pub failures: i32,
    pub max_attempts: i32,
    pub lost_leases: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_requested_at: Option<DateTime<Utc>>,
    pub due_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl From<JobView> for Job {
    fn from(job: JobView) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            lane: job.lane,
            owner: job.owner,
            state: job.state,
            priority: job.priority,
            attempt: job.attempt,
            failures: job.failures,
            max_attempts: job.max_attempts,
            lost_leases: job.lost_leases,
            progress: job.progress,
            last_error: job.last_error,
            cancel_requested_at: job.cancel_requested_at,
            due_at: job.due_at,
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
        }
    }
}

/// Which jobs, as a client writes it.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// States, separated by commas.
    pub state: Option<String>,
    pub kind: Option<String>,
    pub lane: Option<String>,
    /// A job's id, or a part of a kind's name.
    pub q: Option<String>,
    /// Enqueued at this moment or later; RFC 3339.
    pub from: Option<String>,
    /// Enqueued before this moment; RFC 3339.
    pub to: Option<String>,
}

impl Filter {
    /// Checks it; a refusal names the field.
    pub(super) fn check(self) -> std::result::Result<board::Filter, Invalid> {
        let line = |field, text: Option<String>| {
            text.filter(|text| !text.is_empty()).map(|text| invalid::line(field, &text, 100)).transpose()
        };
        Ok(board::Filter {
            states: line("state", self.state)?.map(|text| states(&text)).transpose()?,
            kind: line("kind", self.kind)?,
            lane: line("lane", self.lane)?.map(|text| lane(&text)).transpose()?,
            search: line("q", self.q)?,
            from: line("from", self.from)?.map(|text| invalid::timestamp("from", &text)).transpose()?,
            to: line("to", self.to)?.map(|text| invalid::timestamp("to", &text)).transpose()?,
        })
    }
}

fn states(text: &str) -> std::result::Result<Vec<JobState>, Invalid> {
    let state = |text: &str| {
        let known = "Use queued, running, done, failed, dead or cancelled, separated by commas.";
        JobState::from_stored(text.trim()).ok_or_else(|| Invalid::new("state", known))
    };
    text.split(',').map(state).collect()
}

fn lane(text: &str) -> std::result::Result<Lane, Invalid> {
    let known = "Use containers, providers, ingest or maintenance.";
    Lane::from_stored(text).ok_or_else(|| Invalid::new("lane", known))
}

/// One page, the newest first, older than `before`.
pub async fn list(cx: &Cx, filter: Filter, before: Option<JobId>, limit: u32) -> Result<Vec<Job>> {
    let filter = filter.check()?;
    let mut tx = cx.begin().await?;
    let jobs = board::list(&mut tx, owner_filter(cx)?, &filter, before, limit.into()).await?;
    Ok(jobs.into_iter().map(Job::from).collect())
}
