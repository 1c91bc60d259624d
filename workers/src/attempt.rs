//! One attempt of one job: from the stored row to a recorded result, whatever the handler does.

use crate::{JobContext, Registry, registry::Entry};
use domain::TraceParent;
use futures_util::FutureExt;
use jobs::{
    Outcome, Policy,
    engine::{AttemptResult, ClaimedJob, Engine, Lease, LeasedJob, Settled, StopReason},
};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tracing::Instrument;

/// How long a handler may take to return after it was told to stop. Then it is dropped at its next await.
pub(crate) const STOP_GRACE_PERIOD: Duration = Duration::from_secs(5);

/// What all attempts of a worker process share.
#[derive(Debug)]
pub(crate) struct WorkerState {
    pub(crate) engine: Engine,
    pub(crate) registry: Registry,
}

/// How the handler ended.
#[derive(Debug)]
enum HandlerEnd {
    Returned(Outcome),
    InvalidPayload,
    Panicked,
    TimedOut,
    /// It was told to stop, and dropped after the grace period.
    Dropped,
}

/// Runs the attempt and records its result. It cannot fail: whatever happens becomes a result.
pub(crate) async fn run(state: Arc<WorkerState>, LeasedJob { job, lease }: LeasedJob) {
    let span = tracing::info_span!(
        target: telemetry::SPANS,
        parent: None,
        "job",
        id = %job.id,
        kind = job.kind,
        attempt = job.attempt,
        user_id = job.owner.map(tracing::field::display),
        trace_id = job.trace.as_ref().map(TraceParent::trace_id),
    );
    if let Some(trace) = &job.trace {
        telemetry::set_parent(&span, trace);
    }
    async {
        let result = match state.registry.get(&job.kind) {
            Some(entry) => run_handler(&state.engine, entry, &job, &lease).await,
            // Claims name the kinds that have a handler here, so this does not happen.
            None => AttemptResult::Returned,
        };
        log(&result);
        match state.engine.settle(&lease, result).await {
            Settled::Recorded(state) => tracing::debug!(state = state.as_str(), "recorded the result"),
            Settled::Fenced => tracing::warn!("the result does not count: another worker has the job"),
            Settled::Abandoned => {
                tracing::warn!("the result is not recorded: the database is not available at shutdown")
            }
        }
    }
    .instrument(span)
    .await;
}

async fn run_handler(engine: &Engine, entry: &Entry, job: &ClaimedJob, lease: &Lease) -> AttemptResult {
    let cx = JobContext::new(engine, entry.kind, job, lease);
    let handler = AssertUnwindSafe((entry.run)(cx, job.payload.clone())).catch_unwind();
    let dropped = async {
        lease.token().cancelled().await;
        tokio::time::sleep(STOP_GRACE_PERIOD).await;
    };
    let end = tokio::select! {
        biased;
        answer = tokio::time::timeout(entry.policy.timeout, handler) => match answer {
            Ok(Ok(Ok(outcome))) => HandlerEnd::Returned(outcome),
            Ok(Ok(Err(error))) => {
                // Without the error's text, which quotes the payload.
                tracing::error!(line = error.line(), column = error.column(), "the payload cannot be parsed");
                HandlerEnd::InvalidPayload
            }
            Ok(Err(_panic)) => HandlerEnd::Panicked,
            Err(_elapsed) => HandlerEnd::TimedOut,
        },
        () = dropped => HandlerEnd::Dropped,
    };
    attempt_result(end, lease.stop_reason(), entry.policy, job.failures, rand::random())
}

/// What the handler's end means for the queue. `jitter` in 0..1.
fn attempt_result(
    end: HandlerEnd,
    stop_reason: Option<StopReason>,
    policy: Policy,
    failures: u32,
    jitter: f64,
) -> AttemptResult {
    let delay = policy.backoff.delay(failures.saturating_add(1), jitter);
    let retry = |reason: String| AttemptResult::Retry { after: delay, reason };
    match end {
        HandlerEnd::Returned(Outcome::Done) => AttemptResult::Done,
        HandlerEnd::Returned(Outcome::Retry { after, reason }) => {
            AttemptResult::Retry { after: after.unwrap_or(delay), reason }
        }
        HandlerEnd::Returned(Outcome::Fail { reason }) => AttemptResult::Fail { reason },
        HandlerEnd::Returned(Outcome::Cancelled) | HandlerEnd::Dropped => match stop_reason {
            Some(StopReason::Shutdown | StopReason::LeaseLost) => AttemptResult::Returned,
            Some(StopReason::Cancelled) | None => AttemptResult::Cancelled,
        },
        HandlerEnd::InvalidPayload => AttemptResult::Fail {
            reason: "The job's description cannot be read by this version of Mosaic.".into(),
        },
        HandlerEnd::Panicked => {
            retry("An internal error occurred in Mosaic; the worker's log has the details.".into())
        }
        HandlerEnd::TimedOut => retry(format!("It took longer than {} s.", policy.timeout.as_secs())),
    }
}

fn log(result: &AttemptResult) {
    match result {
        AttemptResult::Done => tracing::info!("done"),
        AttemptResult::Retry { after, reason } => tracing::warn!(?after, reason, "failed; will be retried"),
        AttemptResult::Fail { reason } => tracing::warn!(reason, "failed for good"),
        AttemptResult::Cancelled => tracing::info!("cancelled"),
        AttemptResult::Returned => tracing::info!("handed back"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(end: HandlerEnd, stop_reason: Option<StopReason>) -> AttemptResult {
        attempt_result(end, stop_reason, Policy::default(), 0, 0.5)
    }

    #[test]
    fn a_handler_that_stops_is_cancelled_or_handed_back_depending_on_the_stop_reason() {
        for end in [|| HandlerEnd::Returned(Outcome::Cancelled), || HandlerEnd::Dropped] {
            assert_eq!(result(end(), Some(StopReason::Cancelled)), AttemptResult::Cancelled);
            assert_eq!(result(end(), Some(StopReason::Shutdown)), AttemptResult::Returned);
            assert_eq!(result(end(), Some(StopReason::LeaseLost)), AttemptResult::Returned);
        }
        let done = HandlerEnd::Returned(Outcome::Done);
        assert_eq!(result(done, Some(StopReason::Shutdown)), AttemptResult::Done);
    }

    #[test]
    fn a_retry_waits_for_the_handlers_delay_or_else_for_the_kinds() {
        let handlers = Outcome::Retry { after: Some(Duration::from_secs(7)), reason: "x".into() };
        let kinds = Outcome::retry("x");
        let delay =
            |outcome| match attempt_result(HandlerEnd::Returned(outcome), None, Policy::default(), 2, 0.5) {
                AttemptResult::Retry { after, .. } => after.as_secs(),
                _ => 0,
            };
        assert_eq!((delay(handlers), delay(kinds)), (7, 4));
    }
}
