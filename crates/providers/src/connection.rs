//! The connection test: reaches the server, checks the key, finds the models, gets an answer.
//!
//! Owns the order of the four steps and the report about each. It must not store anything: a job does, through
//! [`Progress`].

use crate::{
    account::{AccountClient, ProviderAccount},
    cause::{Cause, Failure, FailureReport},
    model_info::{ModelInfo, similar},
    outbound::{AllowedHosts, Outbound},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::future::Future;
use tokio::time::Instant;
use utoipa::ToSchema;

/// The steps, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TestStep)]
pub enum Step {
    /// The server can be reached: name, address, connection, encryption, HTTP.
    Reach,
    /// The key is accepted.
    Key,
    /// The chosen models exist for this account.
    Model,
    /// The first chosen model answers.
    Answer,
}

impl Step {
    pub const ALL: [Self; 4] = [Self::Reach, Self::Key, Self::Model, Self::Answer];

    /// The stable name, also of the job's phases.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reach => "reach",
            Self::Key => "key",
            Self::Model => "model",
            Self::Answer => "answer",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TestStepStatus)]
pub enum StepStatus {
    Running,
    Passed,
    /// Cannot be decided at this step; `note` says why. A later step decides.
    Skipped,
    /// `failure` says why.
    Failed,
    /// Never begun, because an earlier step failed.
    NotRun,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TestStepReport)]
pub struct StepReport {
    pub step: Step,
    pub status: StepStatus,
    /// How long it took, in milliseconds; 0 until it has ended.
    pub elapsed_ms: u64,
    /// A remark about the result, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<FailureReport>)]
    pub failure: Option<Failure>,
}

/// The result of a test. Always contains the four steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TestReport)]
pub struct Report {
    /// In order.
    pub steps: Vec<StepReport>,
    /// The models that the provider offers, if it has a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<ModelInfo>>,
}

impl Report {
    /// Why the test failed; `None` when no step failed.
    pub fn failure(&self) -> Option<&Failure> {
        self.steps.iter().find_map(|step| step.failure.as_ref())
    }
}

/// Is called twice for each step: when it begins (`Running`) and when it has ended.
#[async_trait]
pub trait Progress: Send {
    /// Must handle its own errors.
    async fn step(&mut self, report: &StepReport);
}

/// For callers that only need the report.
#[async_trait]
impl Progress for () {
    async fn step(&mut self, _: &StepReport) {}
}

/// Tests `account`. Failures are part of the report. May be dropped at any point. Costs the account a few tokens at
/// most.
pub async fn test_connection(
    outbound: &Outbound,
    allowed: &AllowedHosts,
    account: &ProviderAccount,
    progress: &mut dyn Progress,
) -> Report {
    let mut recorder = StepRecorder { steps: Vec::with_capacity(Step::ALL.len()), progress };
    let models = run_steps(&mut recorder, outbound, allowed, account).await;
    recorder.finish(models)
}

/// Runs the steps until one fails. Returns the model list, if there is one.
async fn run_steps(
    recorder: &mut StepRecorder<'_>,
    outbound: &Outbound,
    allowed: &AllowedHosts,
    account: &ProviderAccount,
) -> Option<Vec<ModelInfo>> {
    let client = recorder.step(Step::Reach, check_reach(outbound, allowed, account)).await?;
    let listed = recorder.step(Step::Key, check_key(&client, account)).await?;
    let found = recorder.step(Step::Model, check_models(&client, listed.as_deref(), account)).await;
    if let Some(found) = found {
        recorder.step(Step::Answer, check_answer(&client, found, account)).await;
    }
    listed
}

async fn check_reach<'a>(
    outbound: &Outbound,
    allowed: &AllowedHosts,
    account: &'a ProviderAccount,
) -> StepResult<AccountClient<'a>> {
    let client = AccountClient::open(outbound, allowed, account).await?;
    client.reach().await?;
    Ok(StepOutcome::passed(client))
}

async fn check_key(
    client: &AccountClient<'_>,
    account: &ProviderAccount,
) -> StepResult<Option<Vec<ModelInfo>>> {
    client.require_usable_key()?;
    client.check_key().await?;
    let Some(models) = client.list_models().await? else {
        return Ok(StepOutcome::skipped(None, "The provider has no list of models; the answer will show."));
    };
    let note = match (&account.key, models.len()) {
        (None, count) => format!("No key was needed. {count} models are offered."),
        (Some(_), count) => format!("{count} models are offered."),
    };
    Ok(StepOutcome::passed_with_note(Some(models), note))
}

/// How it was found out that the first model exists.
enum ModelCheck {
    Listed,
    /// It was not listed, and has answered already.
    Answered,
}

async fn check_models(
    client: &AccountClient<'_>,
    listed: Option<&[ModelInfo]>,
    account: &ProviderAccount,
) -> StepResult<ModelCheck> {
    if account.models.is_empty() {
        return Ok(StepOutcome::skipped(ModelCheck::Listed, "No model is chosen yet."));
    }
    let Some(listed) = listed else {
        return Ok(StepOutcome::skipped(
            ModelCheck::Listed,
            "The provider has no list of models; the answer will show.",
        ));
    };
    let mut found = ModelCheck::Listed;
    for (position, wanted) in account.models.iter().enumerate() {
        if client.is_listed(listed, wanted) {
            continue;
        }
        // Lists leave out aliases and variants. An answer of the model itself decides.
        client.request_answer(wanted).await.map_err(|failure| unlisted(failure, wanted, listed))?;
        if position == 0 {
            found = ModelCheck::Answered;
        }
    }
    Ok(StepOutcome::passed(found))
}

/// A model that is neither listed nor accepted is unknown, however the provider words it.
fn unlisted(failure: Failure, wanted: &str, listed: &[ModelInfo]) -> Failure {
    match failure.cause {
        Cause::ModelUnknown | Cause::NotFound | Cause::RequestRejected => {
            Failure { cause: Cause::ModelUnknown, did_you_mean: similar(wanted, listed), ..failure }
        }
        _ => failure,
    }
}

async fn check_answer(
    client: &AccountClient<'_>,
    found: ModelCheck,
    account: &ProviderAccount,
) -> StepResult<()> {
    let Some(first) = account.models.first() else {
        return Ok(StepOutcome::skipped((), "No model is chosen yet."));
    };
    if let ModelCheck::Listed = found {
        client.request_answer(first).await?;
    }
    Ok(StepOutcome::passed(()))
}

type StepResult<T> = Result<StepOutcome<T>, Failure>;

/// The result of a step that did not fail.
struct StepOutcome<T> {
    value: T,
    status: StepStatus,
    note: Option<String>,
}

impl<T> StepOutcome<T> {
    fn passed(value: T) -> Self {
        Self { value, status: StepStatus::Passed, note: None }
    }

    fn passed_with_note(value: T, note: String) -> Self {
        Self { note: Some(note), ..Self::passed(value) }
    }

    fn skipped(value: T, why: &str) -> Self {
        Self { value, status: StepStatus::Skipped, note: Some(why.to_owned()) }
    }
}

/// Measures the steps and reports their progress.
struct StepRecorder<'a> {
    steps: Vec<StepReport>,
    progress: &'a mut dyn Progress,
}

impl StepRecorder<'_> {
    async fn step<T>(&mut self, step: Step, work: impl Future<Output = StepResult<T>>) -> Option<T> {
        let mut report = blank(step, StepStatus::Running);
        self.progress.step(&report).await;
        let started = Instant::now();
        let outcome = work.await;
        report.elapsed_ms = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        let value = match outcome {
            Ok(passed) => {
                (report.status, report.note) = (passed.status, passed.note);
                Some(passed.value)
            }
            Err(failure) => {
                (report.status, report.failure) = (StepStatus::Failed, Some(failure));
                None
            }
        };
        tracing::debug!(step = step.as_str(), status = ?report.status, ms = report.elapsed_ms, "connection test");
        self.progress.step(&report).await;
        self.steps.push(report);
        value
    }

    fn finish(mut self, models: Option<Vec<ModelInfo>>) -> Report {
        let remaining = Step::ALL.into_iter().skip(self.steps.len());
        self.steps.extend(remaining.map(|step| blank(step, StepStatus::NotRun)));
        Report { steps: self.steps, models }
    }
}

fn blank(step: Step, status: StepStatus) -> StepReport {
    StepReport { step, status, elapsed_ms: 0, note: None, failure: None }
}
