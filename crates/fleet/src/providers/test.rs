//! Does this account work? As a durable job for a saved provider, at once for a typed one.

use super::{
    allowed_hosts,
    draft::{Draft, KeyRule, key_place},
};
use crate::{Cx, Error, Progress, Result, keys};
use ::providers::{Report, StepReport, StepStatus, Target, test_connection};
use async_trait::async_trait;
use domain::{JobId, ProviderId};
use jobs::kinds::TestProvider;
use serde_json::{Value, json};
use store::providers;
use vault::Sealed;

/// Tests what is typed, with the typed key only, and saves nothing.
pub async fn test_typed(cx: &Cx, draft: Draft) -> Result<Report> {
    let checked = draft.check(KeyRule::MustBeTyped)?;
    let target = checked.target(checked.api_key.clone());
    let allowed = allowed_hosts(&cx.services).await?;
    Ok(test_connection(&cx.services.outbound, &allowed, &target, &mut ()).await)
}

/// Enqueues the test of a saved provider; one that is waiting already is not doubled.
pub async fn enqueue_test(cx: &Cx, id: ProviderId) -> Result<JobId> {
    let mut tx = cx.begin().await?;
    providers::get(&mut tx, id).await?.ok_or(Error::NotFound("provider"))?;
    let job = jobs::enqueue(&mut tx, &cx.actor, &TestProvider { provider_id: id }, jobs::Options::default())
        .await?;
    tx.commit().await?;
    Ok(job.id)
}

/// The job: tests a saved provider step by step and stores what came out.
pub async fn run_test(cx: &Cx, job: &dyn Progress, id: ProviderId) -> Result<Report> {
    let mut tx = cx.begin().await?;
    let provider = providers::get(&mut tx, id).await?.ok_or(Error::NotFound("provider"))?;
    let key = match &provider.api_key {
        Some(bytes) => {
            let data_key = keys::of_user(&cx.services, &mut tx, provider.user_id).await?;
            // Opened to try the key at its provider.
            Some(vault::open(&data_key, &key_place(id, provider.user_id), &Sealed::from_bytes(bytes)?)?)
        }
        None => None,
    };
    tx.commit().await?;
    let target = Target {
        kind: provider.kind.parse()?,
        base_url: provider.base_url.clone(),
        key,
        models: provider.models.iter().map(|model| model.id.clone()).collect(),
    };
    let mut phases = Phases { job };
    let allowed = allowed_hosts(&cx.services).await?;
    let report = test_connection(&cx.services.outbound, &allowed, &target, &mut phases).await;
    let mut tx = cx.begin().await?;
    providers::set_last_test(&mut tx, id, provider.version, &summary(cx, &report)).await?;
    tx.commit().await?;
    Ok(report)
}

/// What is kept of a test: steps and cause. The model list is asked for when it is needed.
fn summary(cx: &Cx, report: &Report) -> Value {
    let failure = report.failure().map(|failure| {
        json!({ "code": failure.cause.code(), "title": failure.title(), "nextStep": failure.cause.next_step() })
    });
    json!({ "at": cx.services.clock.now(), "ok": failure.is_none(), "failure": failure, "steps": report.steps })
}

/// Shows each step as a phase of the job.
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
