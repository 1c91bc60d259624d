//! The connection test: reach the server, check the key, find the model, get an answer.
//!
//! Owns the order of the four steps and what is told about each. It must not store anything; a job
//! does that through [`Progress`].

use crate::{
    cause::{Cause, Failure, Told},
    models::{ModelInfo, similar},
    outbound::{AllowedHosts, Outbound},
    session::{Session, Target},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::future::Future;
use tokio::time::Instant;
use utoipa::ToSchema;

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TestStep)]
pub enum Step {
    /// Name, address, connection, encryption, HTTP.
    Reach,
    /// The key is accepted.
    Key,
    /// The chosen models exist for this account.
    Model,
    /// The first chosen model answers.
    Answer,
}

impl Step {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Reach, Self::Key, Self::Model, Self::Answer];

    /// The stable name, for job phases.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reach => "reach",
            Self::Key => "key",
            Self::Model => "model",
            Self::Answer => "answer",
        }
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TestStepStatus)]
pub enum StepStatus {
    /// Under way.
    Running,
    /// Done, and good.
    Passed,
    /// Cannot be told at this step; `note` says why. A later step tells.
    Skipped,
    /// Done, and not good: `failure` says why.
    Failed,
    /// Never begun, because an earlier step failed.
    NotRun,
}

/// One step's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TestStepReport)]
pub struct StepReport {
    /// Which one.
    pub step: Step,
    /// How far.
    pub status: StepStatus,
    /// How long it took, in milliseconds; 0 until it has ended.
    pub elapsed_ms: u64,
    /// One sentence beside the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Told>)]
    pub failure: Option<Failure>,
}

/// The whole test. Always has the four steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TestReport)]
pub struct Report {
    /// The steps in their order.
    pub steps: Vec<StepReport>,
    /// What the provider offers, where it has a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<ModelInfo>>,
}

impl Report {
    /// Why the test failed; `None` when the account works as far as could be told.
    pub fn failure(&self) -> Option<&Failure> {
        self.steps.iter().find_map(|step| step.failure.as_ref())
    }
}

/// Hears of every step twice: when it begins (`Running`) and when it has ended.
#[async_trait]
pub trait Progress: Send {
    /// Takes note. A failure to do so is the listener's own business.
    async fn step(&mut self, report: &StepReport);
}

/// For callers who only want the report.
#[async_trait]
impl Progress for () {
    async fn step(&mut self, _: &StepReport) {}
}

/// Tests `target`. Never fails as a whole: what goes wrong is in the report. May be dropped at any
/// point. Costs the account a few tokens at most.
pub async fn test_connection(
    outbound: &Outbound,
    allowed: &AllowedHosts,
    target: &Target,
    progress: &mut dyn Progress,
) -> Report {
    let mut run = Run { steps: Vec::with_capacity(Step::ALL.len()), progress };
    let models = walk(&mut run, outbound, allowed, target).await;
    run.finish(models)
}

/// The four steps; stops at the first that fails. Returns the model list, where there is one.
async fn walk(
    run: &mut Run<'_>,
    outbound: &Outbound,
    allowed: &AllowedHosts,
    target: &Target,
) -> Option<Vec<ModelInfo>> {
    let session = run.step(Step::Reach, reach(outbound, allowed, target)).await?;
    let listed = run.step(Step::Key, key(&session, target)).await?;
    let found = run.step(Step::Model, model(&session, listed.as_deref(), target)).await;
    if let Some(found) = found {
        run.step(Step::Answer, answer(&session, found, target)).await;
    }
    listed
}

async fn reach<'a>(outbound: &Outbound, allowed: &AllowedHosts, target: &'a Target) -> Done<Session<'a>> {
    let session = Session::open(outbound, allowed, target).await?;
    session.reach().await?;
    Ok(Passed::plain(session))
}

async fn key(session: &Session<'_>, target: &Target) -> Done<Option<Vec<ModelInfo>>> {
    session.has_usable_key()?;
    session.check_key_page().await?;
    let Some(models) = session.list().await? else {
        return Ok(Passed::skipped(None, "The provider lists no models; the answer will tell."));
    };
    let note = match (&target.key, models.len()) {
        (None, count) => format!("No key was needed; {count} models are offered."),
        (Some(_), count) => format!("{count} models are offered."),
    };
    Ok(Passed::noted(Some(models), note))
}

/// Whether the first model has answered already, while its existence was in doubt.
enum Found {
    Listed,
    Answered,
}

async fn model(session: &Session<'_>, listed: Option<&[ModelInfo]>, target: &Target) -> Done<Found> {
    if target.models.is_empty() {
        return Ok(Passed::skipped(Found::Listed, "No model is chosen yet."));
    }
    let Some(listed) = listed else {
        return Ok(Passed::skipped(Found::Listed, "The provider lists no models; the answer will tell."));
    };
    let mut found = Found::Listed;
    for (position, wanted) in target.models.iter().enumerate() {
        if session.offers(listed, wanted) {
            continue;
        }
        // Lists leave out aliases and variants, so the model itself has the last word.
        session.ask(wanted).await.map_err(|failure| unlisted(failure, wanted, listed))?;
        if position == 0 {
            found = Found::Answered;
        }
    }
    Ok(Passed::plain(found))
}

/// Not in the list, and refused: then it is the model, whatever words the provider chose.
fn unlisted(failure: Failure, wanted: &str, listed: &[ModelInfo]) -> Failure {
    match failure.cause {
        Cause::ModelUnknown | Cause::NotFound | Cause::RequestRejected => {
            Failure { cause: Cause::ModelUnknown, did_you_mean: similar(wanted, listed), ..failure }
        }
        _ => failure,
    }
}

async fn answer(session: &Session<'_>, found: Found, target: &Target) -> Done<()> {
    let Some(first) = target.models.first() else {
        return Ok(Passed::skipped((), "No model is chosen yet."));
    };
    if let Found::Listed = found {
        session.ask(first).await?;
    }
    Ok(Passed::plain(()))
}

type Done<T> = Result<Passed<T>, Failure>;

/// What a step brings when it does not fail.
struct Passed<T> {
    value: T,
    status: StepStatus,
    note: Option<String>,
}

impl<T> Passed<T> {
    fn plain(value: T) -> Self {
        Self { value, status: StepStatus::Passed, note: None }
    }

    fn noted(value: T, note: String) -> Self {
        Self { note: Some(note), ..Self::plain(value) }
    }

    fn skipped(value: T, why: &str) -> Self {
        Self { value, status: StepStatus::Skipped, note: Some(why.to_owned()) }
    }
}

/// Times the steps and tells of them.
struct Run<'a> {
    steps: Vec<StepReport>,
    progress: &'a mut dyn Progress,
}

impl Run<'_> {
    async fn step<T>(&mut self, step: Step, work: impl Future<Output = Done<T>>) -> Option<T> {
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
        let left = Step::ALL.into_iter().skip(self.steps.len());
        self.steps.extend(left.map(|step| blank(step, StepStatus::NotRun)));
        Report { steps: self.steps, models }
    }
}

fn blank(step: Step, status: StepStatus) -> StepReport {
    StepReport { step, status, elapsed_ms: 0, note: None, failure: None }
}
