//! The connection test: a durable job for a saved provider, at once for one that is only entered.

use super::{
    allowed_hosts,
    draft::{Draft, KeyRule},
    saved::stored_target,
};
use crate::{Cx, Error, Progress, Result};
use ::providers::{Report, StepReport, StepStatus, test_connection};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{JobId, ProviderId};
use jobs::kinds::TestProvider;
use serde::Serialize;
use serde_json::{Value, json};
use store::providers;
use utoipa::ToSchema;

/// Tests an entered provider, with the entered key only, and stores nothing.
pub async fn test_draft(cx: &Cx, draft: Draft) -> Result<Report> {
    let checked = draft.check(KeyRule::Required)?;
    let target = checked.target(checked.api_key.clone());
    let allowed = allowed_hosts(&cx.services).await?;
    Ok(test_connection(&cx.services.outbound, &allowed, &target, &mut ()).await)
}

/// Enqueues the test of a saved provider; a test that waits already is not enqueued twice.
pub async fn enqueue_test(cx: &Cx, id: ProviderId) -> Result<JobId> {
    let mut tx = cx.begin().await?;
    providers::get(&mut tx, id).await?.ok_or(Error::NotFound("provider"))?;
    let job = jobs::enqueue(&mut tx, &cx.actor, &TestProvider { provider_id: id }, jobs::Options::default())
        .await?;
    tx.commit().await?;
    Ok(job.id)
}

/// The job: tests a saved provider step by step and stores the result.
pub async fn run_test(cx: &Cx, job: &dyn Progress, id: ProviderId) -> Result<Report> {
    let mut tx = cx.begin().await?;
    let provider = providers::get(&mut tx, id).await?.ok_or(Error::NotFound("provider"))?;
    let target = stored_target(cx, &mut tx, &provider).await?;
    tx.commit().await?;
    let mut phases = Phases { job };
    let allowed = allowed_hosts(&cx.services).await?;
    let report = test_connection(&cx.services.outbound, &allowed, &target, &mut phases).await;
    let mut tx = cx.begin().await?;
    providers::set_last_test(&mut tx, id, provider.version, &summary(cx, &report)).await?;
    tx.commit().await?;
    Ok(report)
}

/// The stored result of a test, without the list of models.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastTest {
    pub at: DateTime<Utc>,
    /// Whether the account works as far as was tested.
    pub ok: bool,
    /// Why not.
    pub failure: Option<TestFailure>,
    pub steps: Vec<StepReport>,
}

/// A failed test in short.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestFailure {
    /// The cause's stable code.
    pub code: &'static str,
    /// What happened.
    pub title: String,
    /// What to do.
    pub next_step: &'static str,
}

fn summary(cx: &Cx, report: &Report) -> Value {
    let failure = report.failure().map(|failure| TestFailure {
        code: failure.cause.code(),
        title: failure.title(),
        next_step: failure.cause.next_step(),
    });
    let ok = failure.is_none();
    json!(LastTest { at: cx.services.clock.now(), ok, failure, steps: report.steps.clone() })
}

/// Reports each step as a phase of the job.
struct Phases<'a> {
    job: &'a dyn Progress,
}

#[async_trait]
impl ::providers::Progress for Phases<'_> {
    async fn step(&mut self, report: &StepReport) {
        if report.status == StepStatus::Running {
            self.job.phase(report.step.as_str()).await;
        }
    }
}
