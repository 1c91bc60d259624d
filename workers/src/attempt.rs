//! One attempt of one job: from the raw row to a recorded result, whatever the handler does.

use crate::{JobContext, Registry, registry::Entry};
use domain::TraceParent;
use futures_util::FutureExt;
use jobs::{
    Outcome, Policy,
    engine::{Claimed, Engine, Lease, Leased, Settled, Stop, Verdict},
};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tracing::Instrument;

/// How long a handler that was told to stop may take before it is dropped at its next await.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// What attempts share.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) engine: Engine,
    pub(crate) registry: Registry,
}

/// How the handler's run ended.
#[derive(Debug)]
enum Ended {
    Answered(Outcome),
    Unreadable,
    Panicked,
    TimedOut,
    /// Told to stop, and dropped after the grace.
    Dropped,
}

/// Runs the attempt and records its result. Never fails: every end is a verdict.
pub(crate) async fn run(shop: Arc<Shop>, Leased { job, lease }: Leased) {
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
        let verdict = match shop.registry.get(&job.kind) {
            Some(entry) => decide(&shop.engine, entry, &job, &lease).await,
            // Claims name the kinds that have a handler here, so this is another worker's.
            None => Verdict::Returned,
        };
        log(&verdict);
        match shop.engine.settle(&lease, verdict).await {
            Settled::Recorded(state) => tracing::debug!(state = state.as_str(), "recorded"),
            Settled::Fenced => tracing::warn!("the result does not count: another worker has the job"),
            Settled::Abandoned => {
                tracing::warn!("the result is not recorded: the database is away at the end")
            }
        }
    }
    .instrument(span)
    .await;
}

async fn decide(engine: &Engine, entry: &Entry, job: &Claimed, lease: &Lease) -> Verdict {
    let cx = JobContext::new(engine, entry.kind, job, lease);
    let work = AssertUnwindSafe((entry.run)(cx, job.payload.clone())).catch_unwind();
    let dropped = async {
        lease.token().cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    let ended = tokio::select! {
        biased;
        answer = tokio::time::timeout(entry.policy.timeout, work) => match answer {
            Ok(Ok(Ok(outcome))) => Ended::Answered(outcome),
            Ok(Ok(Err(error))) => {
                // Not the error's text: it quotes the payload.
                tracing::error!(line = error.line(), column = error.column(), "the payload cannot be read");
                Ended::Unreadable
            }
            Ok(Err(_payload)) => Ended::Panicked,
            Err(_elapsed) => Ended::TimedOut,
        },
        () = dropped => Ended::Dropped,
    };
    verdict(ended, lease.stopped(), entry.policy, job.failures, rand::random())
}

/// What an end means for the queue. `jitter` in 0..1.
fn verdict(ended: Ended, stopped: Option<Stop>, policy: Policy, failures: u32, jitter: f64) -> Verdict {
    let pause = policy.backoff.pause(failures.saturating_add(1), jitter);
    let retry = |why: String| Verdict::Retry { after: pause, why };
    match ended {
        Ended::Answered(Outcome::Done) => Verdict::Done,
        Ended::Answered(Outcome::Retry { after, why }) => {
            Verdict::Retry { after: after.unwrap_or(pause), why }
        }
        Ended::Answered(Outcome::Fail { why }) => Verdict::Fail { why },
        Ended::Answered(Outcome::Cancelled) | Ended::Dropped => match stopped {
            Some(Stop::Shutdown | Stop::LeaseLost) => Verdict::Returned,
            Some(Stop::Cancelled) | None => Verdict::Cancelled,
        },
        Ended::Unreadable => {
            Verdict::Fail { why: "The job's description cannot be read by this version of Mosaic.".into() }
        }
        Ended::Panicked => {
            retry("Mosaic made a mistake while doing this; the worker's log has the details.".into())
        }
        Ended::TimedOut => retry(format!("It took longer than {} s.", policy.timeout.as_secs())),
    }
}

fn log(verdict: &Verdict) {
    match verdict {
        Verdict::Done => tracing::info!("done"),
        Verdict::Retry { after, why } => tracing::warn!(?after, why, "failed; will be tried again"),
        Verdict::Fail { why } => tracing::warn!(why, "failed for good"),
        Verdict::Cancelled => tracing::info!("cancelled"),
        Verdict::Returned => tracing::info!("handed back"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ended: Ended, stopped: Option<Stop>) -> Verdict {
        verdict(ended, stopped, Policy::default(), 0, 0.5)
    }

    #[test]
    fn a_handler_that_stops_is_cancelled_or_handed_back_by_the_reason_it_was_given() {
        for ended in [|| Ended::Answered(Outcome::Cancelled), || Ended::Dropped] {
            assert_eq!(of(ended(), Some(Stop::Cancelled)), Verdict::Cancelled);
            assert_eq!(of(ended(), Some(Stop::Shutdown)), Verdict::Returned);
            assert_eq!(of(ended(), Some(Stop::LeaseLost)), Verdict::Returned);
        }
        assert_eq!(of(Ended::Answered(Outcome::Done), Some(Stop::Shutdown)), Verdict::Done);
    }

    #[test]
    fn a_retry_waits_for_what_the_handler_says_or_else_for_the_kinds_pause() {
        let own = Outcome::Retry { after: Some(Duration::from_secs(7)), why: "x".into() };
        let kinds = Outcome::retry("x");
        let pause = |outcome| match verdict(Ended::Answered(outcome), None, Policy::default(), 2, 0.5) {
            Verdict::Retry { after, .. } => after.as_secs(),
            _ => 0,
        };
        assert_eq!((pause(own), pause(kinds)), (7, 4));
    }
}
